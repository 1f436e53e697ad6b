import { join } from 'node:path';
import { epochSchema } from '../../shared/domain/live.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import type { EpochSummary } from '../models/training.ts';
import { readJsonLines } from '../storage/run-folder.ts';
import type { Validation } from './work/validation.ts';

/** The file in which a classifier's run stores its training curve, one line per epoch. */
export const historyFile = 'metrics.jsonl';

/** One line of {@link historyFile}. */
export interface EpochRecord extends EpochSummary {
  /** By the name of the validation data. */
  validation: Record<string, Validation>;
  /** Time the epoch took with its validation. */
  ms: number;
}

/**
 * Returns the training curve in a run's folder, one entry per epoch; empty if it has none. @throws CupbearerError
 * `storage`, `bad-data`.
 */
export function readHistory(folder: string): EpochRecord[] {
  return readJsonLines(folder, historyFile).map((line, i): EpochRecord => {
    const parsed = epochSchema.safeParse(line);
    if (parsed.success) return parsed.data;
    const faults = explainFaults(parsed.error.issues, line);
    throw new CupbearerError('bad-data', `"${join(folder, historyFile)}", line ${i + 1} is not an epoch. ${faults}`);
  });
}
