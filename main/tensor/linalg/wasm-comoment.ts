import type { Comoment } from './comoment.ts';
import { GramPanels, symmetricFrom, GRAM_ROWS } from './gram.ts';
import { HalfPanels } from './half-gram.ts';
import { KernelMemory } from './kernel-memory.ts';
import { ResidentDoubles } from './resident.ts';
import { mergingRoot, moveOn, type RunningMean } from './running-mean.ts';
import { Workspace } from './workspace.ts';

/** Worked out by the kernels in WebAssembly, on all their threads. */
export class WasmComoment implements Comoment {
  readonly #dims: number;
  readonly #isHalf: boolean;
  /** A gram matrix in the kernels' own order; copying it out would cost as much as a batch. */
  readonly #sum: ResidentDoubles;

  /** `isHalf` as of `MomentAccumulator`. */
  constructor(dims: number, isHalf = false) {
    this.#dims = dims;
    this.#isHalf = isHalf;
    this.#sum = new ResidentDoubles(KernelMemory.current.kernels.run.gramDoubles(dims));
  }

  update(x: Float32Array | Float64Array, n: number, before: RunningMean): void {
    const dims = this.#dims;
    this.#use((workspace) => {
      const rows = workspace.allocate(Math.min(GRAM_ROWS, n) * dims * x.BYTES_PER_ELEMENT);
      const mean = workspace.doubles(dims);
      const running = workspace.doubles(dims);
      const half = this.#isHalf && x instanceof Float32Array ? new HalfPanels(workspace, dims) : undefined;
      let whole: GramPanels | undefined;
      for (let start = 0; start < n; start += GRAM_ROWS) {
        const count = Math.min(GRAM_ROWS, n - start);
        workspace.write(rows, x.subarray(start * dims, (start + count) * dims));
        workspace.write(running, before.mean);
        const merging = { running: before.count === 0 ? 0 : running, root: mergingRoot(before, count) };
        const packed = { x: rows, n: count, mean, ...merging };
        if (half?.add(packed, this.#sum.address) !== true) {
          whole ??= new GramPanels(workspace, dims);
          const isDouble = x instanceof Float64Array;
          whole.add({ ...packed, isDouble, isCentred: false, weights: 0 }, this.#sum.address);
        }
        moveOn(before, workspace.view(mean, dims), count);
      }
    });
  }

  scaled(scale: number): Float64Array {
    return this.#use((workspace) => symmetricFrom(workspace, this.#sum.address, this.#dims, scale));
  }

  #use<T>(action: (workspace: Workspace) => T): T {
    return Workspace.use(action, this.#sum.memory);
  }
}
