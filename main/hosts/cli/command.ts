import { z } from 'zod';
import { engineIds } from '../../tensor/engine.ts';
import { choice, flag, optionalPath } from '../../../shared/schema/fields.ts';
import type { Output } from './output.ts';

/** A word after `cupbearer`. */
export interface Command {
  name: string;
  summary: string;
  /** What follows the name, for help: "[list|show ID|open ID]". */
  synopsis: string;
  /** Flags, as fields of a schema. */
  flags: z.ZodObject;
  /** Short forms of flags: `-o` for `--csv`. */
  short?: Readonly<Record<string, string>>;
  /** Most words that may follow the name. */
  maxWords: number;
  /** More lines of help. */
  notes?: string;
  /** Whether it has nothing to do with what plugins add, so that it works whatever is wrong with them. */
  worksWithoutPlugins?: true;
  /** `given` are the flags of this command as typed values, not yet checked against `flags`. */
  run(words: readonly string[], given: Record<string, unknown>, output: Output): Promise<void>;
}

/** Flags that every command has. */
export const commonFlags = z.object({
  json: flag({ label: 'JSON', help: 'Machine-readable output', default: false }),
  debug: flag({ label: 'Debug', help: 'Show where an error came from', default: false }),
});

/** Flags of commands that compute. */
export const computeFlags = {
  engine: choice({
    label: 'Engine',
    help: 'Compute engine; auto takes one on a GPU that works, else the CPU',
    options: ['auto', ...engineIds],
    default: 'auto',
  }),
  data_dir: optionalPath({
    label: 'Data folder',
    help: 'Where datasets are; CUPBEARER_DATA or the user data folder unless given',
  }),
};
