import { experimentSpecSchema, type ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { quick } from './quick.ts';

/** Experiments that ship with the program, by the word that a command takes. */
export const suites: ReadonlyMap<string, ExperimentSpec> = new Map(
  Object.entries({ quick }).map(([id, spec]) => [id, experimentSpecSchema.parse(spec)]),
);
