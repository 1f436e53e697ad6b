import { mergingRoot, moveOn, type Comoment, type RunningMean } from '../../linalg/comoment.ts';
import { Doubles, type DoubleTensor } from './doubles.ts';
import type { NativeBinding } from './node-package.ts';

/** Columns of a block: products of blocks are small enough for a processor's cache, and those below the diagonal are left out. */
const BLOCK = 256;
/** With fewer columns the kernels in WebAssembly take as long. */
const LEAST_DIMS = 2 * BLOCK;
/** Rows that are widened to float64 at a time, in numbers. */
const MOST_NUMBERS = 2 ** 23;

/** Tensors are TensorFlow's, not of the memory that is collected. */
const collected = new FinalizationRegistry(({ binding, sums }: { binding: NativeBinding; sums: DoubleTensor[] }) => {
  for (const { id } of sums) binding.deleteTensor(id);
});

/** Where TensorFlow is faster at these sums than the kernels in WebAssembly: they have vectors of two numbers, it has what the processor or the GPU has. */
export function tensorflowComoment(binding: NativeBinding): (dims: number) => Comoment | undefined {
  return (dims) => (dims < LEAST_DIMS ? undefined : new TensorflowComoment(binding, dims));
}

class TensorflowComoment implements Comoment {
  readonly #binding: NativeBinding;
  readonly #dims: number;
  /** Columns of each block. */
  readonly #sizes: readonly number[];
  /** Where the blocks stand that are worked out: on and above the diagonal. */
  readonly #blocks: readonly { row: number; column: number }[];
  /** These blocks; none before the first rows. */
  readonly #sums: DoubleTensor[] = [];

  constructor(binding: NativeBinding, dims: number) {
    this.#binding = binding;
    this.#dims = dims;
    const count = Math.ceil(dims / BLOCK);
    this.#sizes = Array.from({ length: count }, (_, i) => Math.min(BLOCK, dims - i * BLOCK));
    this.#blocks = this.#sizes.flatMap((_, row) =>
      this.#sizes.slice(row).map((_size, right) => ({ row, column: row + right })),
    );
    collected.register(this, { binding, sums: this.#sums });
  }

  update(x: Float32Array | Float64Array, n: number, before: RunningMean): void {
    const dims = this.#dims;
    const most = Math.max(1, Math.floor(MOST_NUMBERS / dims));
    for (let start = 0; start < n; start += most) {
      const count = Math.min(most, n - start);
      const part = x.subarray(start * dims, (start + count) * dims);
      Doubles.use(this.#binding, (doubles) => {
        const rows = doubles.from(part, [count, dims]);
        const means = doubles.columnMeans(rows);
        const mean = doubles.read(means);
        const centred = doubles.subtract(rows, means);
        this.#add(
          doubles,
          before.count === 0 ? centred : doubles.below(centred, merging(doubles, mean, before, count)),
        );
        moveOn(before, mean, count);
      });
    }
  }

  scaled(scale: number): Float64Array {
    const dims = this.#dims;
    const out = new Float64Array(dims * dims);
    for (const [place, sum] of this.#sums.entries()) {
      const { row, column } = this.#blocks[place]!;
      const width = this.#sizes[column]!;
      const values = Doubles.use(this.#binding, (doubles) => doubles.read(sum));
      for (let i = 0; i < this.#sizes[row]!; i++)
        for (let j = row === column ? i : 0; j < width; j++) {
          const [a, b] = [row * BLOCK + i, column * BLOCK + j];
          out[a * dims + b] = out[b * dims + a] = scale * values[i * width + j]!;
        }
    }
    return out;
  }

  /** Adds rows^T rows. */
  #add(doubles: Doubles, rows: DoubleTensor): void {
    const columns = doubles.columns(rows, this.#sizes);
    for (const [place, { row, column }] of this.#blocks.entries()) {
      const product = doubles.transposedProduct(columns[row]!, columns[column]!);
      const before = this.#sums[place];
      this.#sums[place] = doubles.keep(before === undefined ? product : doubles.add(before, product));
      if (before !== undefined) this.#binding.deleteTensor(before.id);
    }
  }
}

/** The row that merges a batch of this mean with those before it. */
function merging(doubles: Doubles, mean: Float64Array, before: RunningMean, count: number): DoubleTensor {
  const root = mergingRoot(before, count);
  return doubles.from(mean.map((value, i) => root * (value - before.mean[i]!)), [1, mean.length]); // prettier-ignore
}
