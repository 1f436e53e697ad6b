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
 * Host to inspection process: questions, with the engines that must not be opened, by id, and why; and which of them nobody
 * wants answered any more.
 */
export type ToInspection =
  | (Asked & { type: 'ask'; avoid: Readonly<Record<string, string>> })
  | OpeningNoted
  | { type: 'cancel'; number: number };

/** How far the answer to a question is; a total of 0 is one that is not known. */
export interface InspectionProgress {
  phase: string;
  done: number;
  total: number;
}

/** Inspection process to host. Each question is answered once. */
export type FromInspection =
  | EngineNews
  | ({ type: 'progress'; number: number } & InspectionProgress)
  | { type: 'answer'; number: number; answer: Answer<InspectionName> }
  | { type: 'failed'; number: number; error: ErrorRecord };
