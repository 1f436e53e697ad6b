import type { Workspace } from './workspace.ts';

/** Rows that are packed at a time: panels of them stay in the level 1 cache, all of them in the level 2 or 3 cache. */
export const GRAM_ROWS = 256;
/** Rows of the symmetric matrix that are written out at a time. */
const OUT_ROWS = 96;

/** What is packed: addresses of rows [n, d] and of their mean [d]. */
interface GramRows {
  x: number;
  isDouble: boolean;
  n: number;
  /** Where the mean is to be put, or where it stands with `isCentred`. */
  mean: number;
  isCentred: boolean;
  /** One factor a row, for all of the sum; 0 for none. */
  weights: number;
  /** Mean of what went before, with which the rows are merged, and the root of how much that weighs; 0 for nothing before. */
  running: number;
  root: number;
}

/** Memory for the packed rows of a gram matrix of d columns. */
export class GramPanels {
  readonly #workspace: Workspace;
  readonly #d: number;
  readonly #left: number;
  readonly #right: number;

  constructor(workspace: Workspace, d: number) {
    this.#workspace = workspace;
    this.#d = d;
    const size = workspace.run.packedDoubles(GRAM_ROWS + 1, d);
    this.#left = workspace.doubles(size);
    this.#right = workspace.doubles(size);
  }

  /** Adds `sum_i w_i (x_i - mean) (x_i - mean)^T` over up to `GRAM_ROWS` rows to the gram matrix at `sum`. */
  add({ x, isDouble, n, mean, isCentred, weights, running, root }: GramRows, sum: number): void {
    const [left, right, d] = [this.#left, this.#right, this.#d];
    const rows = running === 0 ? n : n + 1;
    const parts = this.#workspace.partsFor((rows * d * d) / 2);
    const packParts = Math.min(parts, Math.ceil(d / 48));
    // prettier-ignore
    this.#workspace.inParts(
      'gramPack', packParts,
      packParts, x, Number(isDouble), n, d, Number(isCentred), mean, weights, running, root, left, right,
    );
    this.#workspace.inParts('gramTiles', parts, parts, rows, d, left, right, sum);
  }
}

/** The gram matrix at `sum` as a full symmetric [d, d], times `scale`. */
export function symmetricFrom(workspace: Workspace, sum: number, d: number, scale: number): Float64Array {
  const out = new Float64Array(d * d);
  const rows = workspace.doubles(OUT_ROWS * d);
  for (let start = 0; start < d; start += OUT_ROWS) {
    const count = Math.min(OUT_ROWS, d - start);
    // An element costs about as much as twenty multiplications.
    const parts = workspace.partsFor(20 * count * d);
    workspace.inParts('gramRows', parts, parts, sum, d, scale, start, count, rows);
    out.set(workspace.view(rows, count * d), start * d);
  }
  return out;
}
