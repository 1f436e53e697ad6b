import type { ErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../experiments/inspections/index.ts';
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

/** Inspection process to host. Each question is answered once. */
export type FromInspection =
  | EngineNews
  | { type: 'answer'; number: number; answer: Answer<InspectionName> }
  | { type: 'failed'; number: number; error: ErrorRecord };
