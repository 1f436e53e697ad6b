import { lowerMedianInPlace, medianInPlace } from '../../tensor/linalg/order-statistics.ts';

/** Gram entries of odd order are `x_i x_j`, those of even order `|x_i x_j|`. */
const parities = ['odd', 'even'] as const;
export type Parity = (typeof parities)[number];

/** Medians and median absolute deviations of Gram entries, upper triangle row by row, by parity of the order. */
export type GramStatistics = Record<Parity, { median: Float64Array; mad: Float64Array }>;

/** Entries in the upper triangle of a `[d, d]` matrix, with or without its diagonal. */
export function entryCount(d: number, diagonal: boolean): number {
  return diagonal ? (d * (d + 1)) / 2 : (d * (d - 1)) / 2;
}

interface Averages {
  /** Computes the median of some values, which may be reordered; by default the mean of both middle ones. */
  middle?: (values: Float64Array) => number;
  /** The centre of an entry, kept as its median and taken deviations from; the median found unless given. */
  centre?: (parity: Parity, entry: number, median: number) => number;
}

/** Exact medians and MADs of the Gram entries of rows `[n, d]`, n > 0. Time grows with n d^2, memory with n d + d^2. */
export function gramStatistics(
  x: Float32Array,
  d: number,
  diagonal: boolean,
  { middle = medianInPlace, centre = (_parity, _entry, median) => median }: Averages = {},
): GramStatistics {
  const n = x.length / d;
  const entries = entryCount(d, diagonal);
  const empty = () => ({ median: new Float64Array(entries), mad: new Float64Array(entries) });
  const found: GramStatistics = { odd: empty(), even: empty() };
  const columns = columnsOf(x, n, d);
  const values = new Float64Array(n);
  const distances = new Float64Array(n);
  let entry = 0;
  for (let i = 0; i < d; i++) {
    for (let j = diagonal ? i : i + 1; j < d; j++, entry++) {
      for (let row = 0, a = i * n, b = j * n; row < n; row++, a++, b++) values[row] = columns[a]! * columns[b]!;
      for (const parity of parities) {
        if (parity === 'even') for (let row = 0; row < n; row++) values[row] = Math.abs(values[row]!);
        const median = centre(parity, entry, middle(values));
        for (let row = 0; row < n; row++) distances[row] = Math.abs(values[row]! - median);
        found[parity].median[entry] = median;
        found[parity].mad[entry] = middle(distances);
      }
    }
  }
  return found;
}

/** The transpose of `[n, d]`: the products of an entry are then read in order. */
function columnsOf(x: Float32Array, n: number, d: number): Float64Array {
  const columns = new Float64Array(n * d);
  for (let row = 0; row < n; row++) for (let j = 0; j < d; j++) columns[j * n + row] = x[row * d + j]!;
  return columns;
}

/**
 * Medians and MADs merged over batches as the seed library does: lower medians of each batch, and of those either the
 * mean weighted by the samples (with deviations from the mean so far, not from the final one) or again the lower
 * median.
 */
export class BatchedGramStatistics {
  readonly #d: number;
  readonly #movingAverage: boolean;
  #count = 0;
  /** One of each batch, or the running mean alone. */
  #batches: GramStatistics[] = [];

  constructor(d: number, movingAverage: boolean) {
    this.#d = d;
    this.#movingAverage = movingAverage;
  }

  /** Adds a batch of rows `[n, d]`. */
  update(x: Float32Array): void {
    const n = x.length / this.#d;
    this.#count += n;
    const [running] = this.#batches;
    if (!this.#movingAverage || !running) {
      this.#batches.push(gramStatistics(x, this.#d, true, { middle: lowerMedianInPlace }));
      return;
    }
    const share = n / this.#count;
    const blend = (old: number, found: number) => (1 - share) * old + share * found;
    const found = gramStatistics(x, this.#d, true, {
      middle: lowerMedianInPlace,
      centre: (parity, entry, median) => blend(running[parity].median[entry]!, median),
    });
    for (const parity of parities) {
      const { mad } = found[parity];
      mad.forEach((value, entry) => (mad[entry] = blend(running[parity].mad[entry]!, value)));
    }
    this.#batches = [found];
  }

  result(): GramStatistics {
    const merged = (parity: Parity, part: 'median' | 'mad') =>
      this.#batches[0]![parity][part].map((_, entry) =>
        lowerMedianInPlace(Float64Array.from(this.#batches, (batch) => batch[parity][part][entry]!)),
      );
    const of = (parity: Parity) => ({ median: merged(parity, 'median'), mad: merged(parity, 'mad') });
    return { odd: of('odd'), even: of('even') };
  }
}
