import { GRAM_ROWS } from './gram.ts';
import type { Workspace } from './workspace.ts';

/** Rows of float32 that were stored in 16 bits or fewer, by addresses: as of `GramPanels`, without weights. */
interface HalfRows {
  x: number;
  n: number;
  /** Where the mean is to be put. */
  mean: number;
  running: number;
  root: number;
}

/**
 * Memory for the packed rows of a gram matrix of d columns, whose products are summed up in float32 over 64 rows, and in float64
 * beyond: twice as fast, and off by at most 4e-6 of the root of the two columns' sums of squares (docs/numerics.md).
 */
export class HalfPanels {
  readonly #workspace: Workspace;
  readonly #d: number;
  readonly #left: number;
  readonly #right: number;

  constructor(workspace: Workspace, d: number) {
    this.#workspace = workspace;
    this.#d = d;
    const size = 4 * workspace.run.halfFloats(GRAM_ROWS + 1, d);
    this.#left = workspace.allocate(size);
    this.#right = workspace.allocate(size);
  }

  /**
   * Adds `sum_i (x_i - mean) (x_i - mean)^T` over up to `GRAM_ROWS` rows to the gram matrix at `sum`; returns false, having added
   * nothing, if a deviation is not finite or so large or small that products may leave the range of float32.
   */
  add({ x, n, mean, running, root }: HalfRows, sum: number): boolean {
    const [workspace, left, right, d] = [this.#workspace, this.#left, this.#right, this.#d];
    const rows = running === 0 ? n : n + 1;
    const parts = workspace.partsFor((rows * d * d) / 4);
    const packParts = Math.min(parts, Math.ceil(d / 48));
    const scratch = workspace.allocate(workspace.run.halfPackBytes(packParts));
    workspace.inParts('halfPack', packParts, packParts, x, n, d, mean, running, root, left, right, scratch);
    if (workspace.run.halfIsFit(packParts, scratch) === 0) return false;
    workspace.inParts('halfTiles', parts, parts, rows, d, left, right, sum);
    return true;
  }
}
