import type { Comoment, MakeComoment } from '../../linalg/comoment.ts';
import { mergingRoot, moveOn, type RunningMean } from '../../linalg/running-mean.ts';
import { Doubles, type DoubleTensor } from './doubles.ts';
import type { NativeBinding } from './node-package.ts';

/** Columns of a product's factors, about: of fewer it is slower, of more no faster. Those on the diagonal have half as many. */
const BLOCK = 1024;
/** With fewer columns the kernels in WebAssembly take as long. */
const LEAST_DIMS = 2 * BLOCK;
/** Centred numbers that gather until they are multiplied: a product of few rows takes little less time than one of many. */
const GATHERED = 2 ** 22;
/** Columns that are centred, and rows of a block that are placed, at a time: so many cache lines are written to by turns. */
const STRIP = 8;

/** First column, and the one after the last. */
type Columns = readonly [first: number, end: number];

/** Tensors are TensorFlow's, not of the memory that is collected. */
const collected = new FinalizationRegistry(({ binding, sums }: { binding: NativeBinding; sums: DoubleTensor[] }) => {
  for (const { id } of sums) binding.deleteTensor(id);
});

/** On a processor, where TensorFlow has longer vectors of float64 than the kernels in WebAssembly. */
export function tensorflowComoment(binding: NativeBinding): MakeComoment {
  return (dims, isHalf) =>
    isHalf || dims < LEAST_DIMS || binding.isUsingGpuDevice() ? undefined : new TensorflowComoment(binding, dims);
}

class TensorflowComoment implements Comoment {
  readonly #binding: NativeBinding;
  readonly #dims: number;
  /** Of the sum, columns by columns, what is worked out: all below the diagonal, and squares on it. */
  readonly #blocks: readonly { rows: Columns; columns: Columns }[];
  /** These blocks; none before the first product. */
  readonly #sums: DoubleTensor[] = [];
  /** How many rows may gather, at least one and what merges it. */
  readonly #most: number;
  /** Centred rows that are not in the sums yet, [d, most]; none before the first. */
  #gathered = new Float64Array(0);
  #count = 0;

  constructor(binding: NativeBinding, dims: number) {
    this.#binding = binding;
    this.#dims = dims;
    this.#blocks = blocksOf(dims);
    this.#most = Math.max(2, Math.floor(GATHERED / dims));
    collected.register(this, { binding, sums: this.#sums });
  }

  update(x: Float32Array | Float64Array, n: number, before: RunningMean): void {
    const dims = this.#dims;
    for (let start = 0; start < n;) {
      if (this.#most - this.#count < 2) this.#multiply();
      // One more row merges them with those before.
      const count = Math.min(n - start, this.#most - this.#count - 1);
      this.#gather(x.subarray(start * dims, (start + count) * dims), count, before);
      start += count;
    }
  }

  scaled(scale: number): Float64Array {
    this.#multiply();
    const dims = this.#dims;
    const out = new Float64Array(dims * dims);
    for (const [place, sum] of this.#sums.entries()) {
      const values = Doubles.use(this.#binding, (doubles) => doubles.read(sum));
      const { rows, columns } = this.#blocks[place]!;
      for (let strip = rows[0]; strip < rows[1]; strip += STRIP) {
        const end = Math.min(strip + STRIP, rows[1]);
        for (let j = columns[0]; j < columns[1]; j++)
          for (let i = Math.max(strip, j); i < end; i++) {
            const value = scale * values[(i - rows[0]) * (columns[1] - columns[0]) + j - columns[0]]!;
            out[i * dims + j] = value;
            out[j * dims + i] = value;
          }
      }
    }
    return out;
  }

  /** Takes `n` rows of x, centred on their mean, and what merges them with those before. */
  #gather(x: Float32Array | Float64Array, n: number, before: RunningMean): void {
    const [dims, most, used] = [this.#dims, this.#most, this.#count];
    if (this.#gathered.length === 0) this.#gathered = new Float64Array(dims * most);
    const to = this.#gathered;
    const mean = new Float64Array(dims);
    const root = mergingRoot(before, n);
    for (let strip = 0; strip < dims; strip += STRIP) {
      const end = Math.min(strip + STRIP, dims);
      for (let row = 0; row < n; row++) for (let j = strip; j < end; j++) mean[j]! += x[row * dims + j]!;
      for (let j = strip; j < end; j++) mean[j]! /= n;
      for (let row = 0; row < n; row++)
        for (let j = strip; j < end; j++) to[j * most + used + row] = x[row * dims + j]! - mean[j]!;
      for (let j = strip; j < end; j++) to[j * most + used + n] = root * (mean[j]! - before.mean[j]!);
    }
    this.#count = used + (before.count === 0 ? n : n + 1);
    moveOn(before, mean, n);
  }

  /** Adds what has gathered to the sums. */
  #multiply(): void {
    const [dims, most, count, gathered] = [this.#dims, this.#most, this.#count, this.#gathered];
    if (count === 0) return;
    for (let j = 1; j < dims && count < most; j++) gathered.copyWithin(j * count, j * most, j * most + count);
    this.#count = 0;
    Doubles.use(this.#binding, (doubles) => {
      const factors = new Map<string, DoubleTensor>();
      const factor = (columns: Columns): DoubleTensor => {
        const [first, end] = columns;
        const key = columns.join();
        const made =
          factors.get(key) ?? doubles.from(gathered.subarray(first * count, end * count), [end - first, count]);
        factors.set(key, made);
        return made;
      };
      for (const [place, { rows, columns }] of this.#blocks.entries()) {
        const product = doubles.productTransposed(factor(rows), factor(columns));
        const before = this.#sums[place];
        this.#sums[place] = doubles.keep(before === undefined ? product : doubles.add(before, product));
        if (before !== undefined) this.#binding.deleteTensor(before.id);
      }
    });
  }
}

function blocksOf(dims: number): { rows: Columns; columns: Columns }[] {
  const count = Math.ceil(dims / BLOCK);
  const between = (from: number, to: number): Columns => [
    Math.floor((from * dims) / count),
    Math.floor((to * dims) / count),
  ];
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [between(i, i + 0.5), between(i + 0.5, i + 1)];
    return [
      ...Array.from({ length: i }, (_, j) => ({ rows: between(i, i + 1), columns: between(j, j + 1) })),
      { rows: first, columns: first },
      { rows: second, columns: first },
      { rows: second, columns: second },
    ];
  }).flat();
}
