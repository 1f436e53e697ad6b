import { CupbearerError, type ErrorCode } from './errors.ts';
import type { Sentence } from './wording.ts';
import { given } from './given.ts';

/**
 * Parts of a request that do not go together, each valid by itself: the parameter to mend, and what is wrong with it.
 */
export interface Misfit {
  /** Keys of the parameter in what is asked for: `['detector', 'layers']`. */
  path: readonly string[];
  /** A whole sentence. */
  message: string;
  /** What to do about it. */
  hint?: Sentence;
  /** What is lacking, in few words: "untrusted data". */
  lacks?: string;
  /** Values of parameters that mend it, by paths like its own, where there are such. */
  mends?: readonly { path: readonly string[]; value: unknown }[];
  /** `usage` if left out. */
  code?: ErrorCode;
}

/** Returns the misfits of a part nested below `prefix`. */
export function below(prefix: string, misfits: readonly Misfit[]): Misfit[] {
  return misfits.map((misfit) => ({ ...misfit, path: [prefix, ...misfit.path] }));
}

/**
 * Returns what `check` throws as a misfit of the parameter at `path`; none if it does not throw. Defects of the program
 * pass through.
 */
export function misfitsOf(path: readonly string[], check: () => unknown): Misfit[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code === 'internal') throw error;
    const { code, message } = error;
    const hint = error.remedy ?? error.hint;
    return [{ path, message, code, ...given({ hint }) }];
  }
}

/** Refuses what has misfits. @throws CupbearerError with the first of them; all with their paths are in its details. */
export function refuse(misfits: readonly Misfit[]): void {
  const [first] = misfits;
  if (!first) return;
  const { code = 'usage', message, hint } = first;
  const faults = misfits.map(({ path, message: sentence }) => ({ path: [...path], message: sentence }));
  throw new CupbearerError(code, message, { ...given({ hint }), details: { faults } });
}
