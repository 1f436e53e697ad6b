import { GramPanels, symmetricFrom, GRAM_ROWS } from './gram.ts';
import { KernelMemory } from './kernel-memory.ts';
import { ResidentDoubles } from './resident.ts';
import { Workspace } from './workspace.ts';

/**
 * Mean and covariance of rows that come in batches, in float64. Batches are centred on their own mean and merged as
 * T. Chan, G. Golub and R. LeVeque (1979) do, so that neither large means nor the number of batches cost precision.
 */
export class MomentAccumulator {
  readonly dims: number;
  /** Rows seen. */
  count = 0;
  /** Mean of the rows seen, [d]; zero before the first. */
  readonly mean: Float64Array;
  /** Sum of (x - mean)(x - mean)^T, a gram matrix; it stays where the kernels work, since copying it would cost as much as a batch. */
  readonly #comoment: ResidentDoubles;

  constructor(dims: number) {
    if (!Number.isInteger(dims) || dims < 1)
      throw new Error(`MomentAccumulator takes 1 or more dimensions, got ${dims}.`);
    this.dims = dims;
    this.mean = new Float64Array(dims);
    this.#comoment = new ResidentDoubles(KernelMemory.current.kernels.run.gramDoubles(dims));
  }

  /** Adds the first `n` rows of `x` [n, d]. Throws where `x` does not hold n rows. */
  update(x: Float32Array | Float64Array, n: number): void {
    const { dims } = this;
    if (!Number.isInteger(n) || n < 0 || x.length < n * dims)
      throw new Error(`MomentAccumulator takes ${n} rows of ${dims} numbers, got ${x.length} numbers.`);
    this.#use((workspace) => {
      const most = Math.min(GRAM_ROWS, n);
      const rows = workspace.allocate(most * dims * x.BYTES_PER_ELEMENT);
      const mean = workspace.doubles(dims);
      const running = workspace.doubles(dims);
      const panels = new GramPanels(workspace, dims);
      for (let start = 0; start < n; start += GRAM_ROWS) {
        const count = Math.min(GRAM_ROWS, n - start);
        workspace.write(rows, x.subarray(start * dims, (start + count) * dims));
        this.#add(workspace, panels, { x: rows, isDouble: x instanceof Float64Array, n: count }, mean, running);
      }
    });
  }

  /** Adds what another accumulator of the same dimensions has seen; that one is left as it is. */
  merge(other: MomentAccumulator): void {
    const { dims } = this;
    if (other.dims !== dims)
      throw new Error(`MomentAccumulator of ${dims} dimensions cannot take in one of ${other.dims}.`);
    if (other.count === 0) return;
    this.#use((workspace) => {
      const from = other.#comoment;
      const added = from.memory === workspace.memory ? from.address : workspace.put(from.view());
      workspace.run.addDoubles(this.#comoment.address, added, from.count);
      const mean = workspace.put(other.mean);
      // Their gram matrix is there already; what is left to add is what merging brings.
      const panels = new GramPanels(workspace, dims);
      this.#add(workspace, panels, { x: 0, isDouble: true, n: 0 }, mean, workspace.doubles(dims), other.count);
    });
  }

  /** Covariance of the rows seen, with divisor count - 1, symmetric [d, d]. Throws before the second row. */
  covariance(): Float64Array {
    if (this.count < 2) throw new Error(`A covariance takes 2 or more rows, got ${this.count}.`);
    return this.#use((workspace) => symmetricFrom(workspace, this.#comoment.address, this.dims, 1 / (this.count - 1)));
  }

  #use<T>(action: (workspace: Workspace) => T): T {
    return Workspace.use(action, this.#comoment.memory);
  }

  /**
   * Adds packed rows, and what merging them adds: delta delta^T n_a n_b / (n_a + n_b); then the mean and count. `mean` and
   * `running` are addresses for [d] each; with `merged`, `mean` holds the mean of so many rows that are no longer there.
   */
  #add(
    workspace: Workspace,
    panels: GramPanels,
    rows: { x: number; isDouble: boolean; n: number },
    mean: number,
    running: number,
    merged = 0,
  ): void {
    const count = rows.n + merged;
    const total = this.count + count;
    workspace.write(running, this.mean);
    const root = Math.sqrt((this.count * count) / total);
    const before = this.count === 0 ? 0 : running;
    panels.add({ ...rows, mean, isCentred: merged > 0, weights: 0, running: before, root }, this.#comoment.address);
    const own = workspace.view(mean, this.dims);
    for (let i = 0; i < this.dims; i++) this.mean[i]! += ((own[i]! - this.mean[i]!) * count) / total;
    this.count = total;
  }
}
