import { CupbearerError } from '../../../shared/errors.ts';
import { specToRepeat } from '../../runs/stored-spec.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { commandOrReason, type CommandOrReason } from './command-line.ts';
import { readRun } from './read-run.ts';

/** Returns the command line that does a run again, into a new folder, or the reason where there is none. */
export function repeatCommand(run: CatalogueRun): CommandOrReason {
  try {
    return commandOrReason(specToRepeat(readRun(run).spec));
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { command: null, noCommand: error.message };
  }
}
