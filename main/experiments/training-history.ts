import type { EpochSummary } from '../models/training.ts';
import type { Validation } from './validation.ts';

/** Where a classifier's run keeps its training curve, a line an epoch. */
export const historyFile = 'metrics.jsonl';

/** One line of {@link historyFile}. */
export interface EpochRecord extends EpochSummary {
  /** By the name of the validation data. */
  validation: Record<string, Validation>;
  /** Time the epoch took with its validation. */
  ms: number;
}
