import type { HalfName } from './half-names.ts';

/** Samples of a file, as they were found there. */
export interface SourcePart {
  /** What they are called in messages: the file, and what of it. */
  readonly where: string;
  /** The half that they belong to; undefined where that is to be drawn, a list where each sample says its own. */
  readonly half: HalfName | undefined | readonly (HalfName | undefined)[];
  readonly labels: readonly (string | number)[];
  /** Names of the classes by the numbers that labels are, where the file has them. */
  readonly names?: readonly string[] | undefined;
  readonly samples: Samples;
}

/** What the samples of a part are. */
export type Samples = NumberRows | { readonly kind: 'texts'; readonly texts: readonly string[] };

/** Rows of numbers, read as they are wanted. */
interface NumberRows {
  readonly kind: 'rows';
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Whether they were stored as bytes of 0 to 255. */
  readonly isBytes: boolean;
  /** `[indices, ...shape]` @throws CupbearerError `bad-data`, `storage`. */
  read(indices: ArrayLike<number>): Float32Array;
}
