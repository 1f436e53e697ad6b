import type { ErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../inspections/index.ts';
import type { EngineNews, OpeningNoted } from './engine-news.ts';

/** A question for an inspection process. */
export interface Asked {
  number: number;
  name: InspectionName;
  question: Question<InspectionName>;
  dataDir: string;
}

/**
 * Messages from the host to an inspection process: questions, with the ids of engines that must not be opened and the
 * reason; and which questions are cancelled.
 */
export type ToInspection =
  | (Asked & { type: 'ask'; avoid: Readonly<Record<string, string>> })
  | OpeningNoted
  | { type: 'cancel'; number: number };

/** Progress of a question; a total of 0 means that it is not known. */
export interface InspectionProgress {
  phase: string;
  done: number;
  total: number;
}

/** Messages from an inspection process to the host. Each question is answered once. */
export type FromInspection =
  | EngineNews
  | ({ type: 'progress'; number: number } & InspectionProgress)
  | { type: 'answer'; number: number; answer: Answer<InspectionName> }
  | { type: 'failed'; number: number; error: ErrorRecord };
