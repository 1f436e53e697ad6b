import { CupbearerError } from '../../../shared/errors.ts';
import { publicSpec, type RunNames } from '../../runs/public-paths.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { specToRepeat } from '../../runs/stored-spec.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { commandOrReason, type CommandOrReason } from './command-line.ts';
import { readRun } from './read-run.ts';

/** Returns the command line that repeats a run in a new folder, or the reason why there is none. */
export function repeatCommand(run: CatalogueRun): CommandOrReason {
  return repeated(run, (spec) => commandOrReason(spec));
}

/**
 * Returns the command line that repeats a run on another machine, or the reason why there is none. Its folder is named
 * after the run, and it expects the folders of the runs that it builds on under their names.
 */
export function publicCommand(run: CatalogueRun, names: RunNames): CommandOrReason {
  return repeated(run, ({ kind, params }) =>
    commandOrReason({ kind, params: publicSpec(kind, params, names) }, { 'dir.full': run.id }),
  );
}

function repeated(run: CatalogueRun, commandOf: (spec: ParsedSpec) => CommandOrReason): CommandOrReason {
  try {
    return commandOf(specToRepeat(readRun(run).spec));
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { command: null, noCommand: error.message };
  }
}
