import { experimentSpecSchema, type ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { full } from './full.ts';
import { quick } from './quick.ts';
import { seedLibrary } from './seed-library.ts';

/** Experiments that ship with the program, by the word that a command takes. */
export const suites: ReadonlyMap<string, ExperimentSpec> = new Map(
  Object.entries({ quick, 'seed-library': seedLibrary, full }).map(([id, spec]) => [
    id,
    experimentSpecSchema.parse(spec),
  ]),
);
