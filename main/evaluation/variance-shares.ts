/** Samples with the same key: how many, their sum `[d]` and their sum of squares, all counted from one fixed point. */
interface Cell {
  count: number;
  sum: Float64Array;
  squares: number;
}

/**
 * Splits the variance of rows that come in batches, each with a key (a class, say), into the part between groups of
 * keys and the part within: the sums of squares of one-way analysis of variance (Fisher 1925), added over dimensions.
 * Float64.
 */
export class GroupedVariance {
  readonly dims: number;
  readonly #cells = new Map<number, Cell>();
  /**
   * The first row: sums of differences from it do not cancel where the mean is large, and equal rows give exactly zero.
   */
  #origin: Float64Array | undefined;

  constructor(dims: number) {
    this.dims = dims;
  }

  /** Adds the first `n` rows of `x` `[n, d]`, row i with `keys[i]`. */
  update(x: Float32Array, keys: Int32Array, n: number): void {
    const { dims } = this;
    this.#origin ??= Float64Array.from(x.subarray(0, dims));
    const origin = this.#origin;
    for (let i = 0; i < n; i++) {
      const cell = this.#cellOf(keys[i]!);
      const { sum } = cell;
      let squares = 0;
      for (let j = 0, at = i * dims; j < dims; j++, at++) {
        const difference = x[at]! - origin[j]!;
        sum[j]! += difference;
        squares += difference * difference;
      }
      cell.count++;
      cell.squares += squares;
    }
  }

  /**
   * The share, 0 to 1, of the variance that lies between groups: `group` names the group of a key, or leaves its
   * samples out by undefined. Null if the samples do not vary, or are not finite.
   */
  shareBetween(group: (key: number) => number | undefined): number | null {
    const groups = new Map<number, Cell>();
    const whole = emptyCell(this.dims);
    for (const [key, cell] of this.#cells) {
      const name = group(key);
      if (name === undefined) continue;
      if (!groups.has(name)) groups.set(name, emptyCell(this.dims));
      addTo(groups.get(name)!, cell);
      addTo(whole, cell);
    }
    const total = whole.squares - squaredMean(whole);
    if (!(total > 0) || !Number.isFinite(total)) return null;
    const between = [...groups.values()].reduce((sum, cell) => sum + squaredMean(cell), 0) - squaredMean(whole);
    return Math.min(1, Math.max(0, between / total));
  }

  #cellOf(key: number): Cell {
    const known = this.#cells.get(key);
    if (known) return known;
    const cell = emptyCell(this.dims);
    this.#cells.set(key, cell);
    return cell;
  }
}

function emptyCell(dims: number): Cell {
  return { count: 0, sum: new Float64Array(dims), squares: 0 };
}

function addTo(cell: Cell, other: Cell): void {
  cell.count += other.count;
  cell.squares += other.squares;
  for (let j = 0; j < cell.sum.length; j++) cell.sum[j]! += other.sum[j]!;
}

/** n |mean|^2. */
function squaredMean({ count, sum }: Cell): number {
  return count === 0 ? 0 : sum.reduce((total, value) => total + value * value, 0) / count;
}
