import type { ErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../experiments/inspections/index.ts';

/** Host to inspection process: questions by number, and which of them nobody wants answered any more. */
export type ToInspection =
  | { type: 'ask'; number: number; name: InspectionName; question: Question<InspectionName>; dataDir: string }
  | { type: 'cancel'; number: number };

/** Inspection process to host. Each question is answered once. */
export type FromInspection =
  | { type: 'answer'; number: number; answer: Answer<InspectionName> }
  | { type: 'failed'; number: number; error: ErrorRecord };
