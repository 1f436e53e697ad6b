import type { RandomStream } from '../../tensor/random.ts';

export interface Clusters {
  /** `[k, d]`. */
  centres: Float64Array;
  /** Cluster of each row, `[n]`. */
  of: Int32Array;
  /** Sum of squared distances to the centres. */
  inertia: number;
}

const MAX_ROUNDS = 100;

/**
 * k-means of rows `[n, d]`: Lloyd's algorithm from a k-means++ start (Arthur & Vassilvitskii, SODA 2007), the best of
 * `starts`. If there are fewer different rows than k, some centres coincide and their clusters are empty.
 */
export function kMeans(
  x: Float32Array | Float64Array,
  d: number,
  k: number,
  { random, starts = 1 }: { random: RandomStream; starts?: number },
): Clusters {
  let best: Clusters | undefined;
  for (let start = 0; start < starts; start++) {
    const found = lloyd(x, d, startCentres(x, d, k, random));
    if (!best || found.inertia < best.inertia) best = found;
  }
  return best!;
}

/** Rows drawn one after the other, each in proportion to its squared distance from those drawn before. */
function startCentres(x: Float32Array | Float64Array, d: number, k: number, random: RandomStream): Float64Array {
  const n = x.length / d;
  const centres = new Float64Array(k * d);
  const gaps = new Float64Array(n).fill(1);
  for (let c = 0; c < k; c++) {
    let left = random.uniform() * gaps.reduce((sum, gap) => sum + gap, 0);
    let chosen = 0;
    while (chosen < n - 1 && (left -= gaps[chosen]!) >= 0) chosen++;
    centres.set(x.subarray(chosen * d, (chosen + 1) * d), c * d);
    for (let i = 0; i < n; i++) {
      const gap = squaredDistance(x, i * d, centres, c * d, d);
      gaps[i] = c === 0 ? gap : Math.min(gaps[i]!, gap);
    }
  }
  return centres;
}

function lloyd(x: Float32Array | Float64Array, d: number, centres: Float64Array): Clusters {
  const n = x.length / d;
  const k = centres.length / d;
  const of = new Int32Array(n).fill(-1);
  for (let round = 0; ; round++) {
    let inertia = 0;
    let moved = 0;
    for (let i = 0; i < n; i++) {
      let nearest = 0;
      let least = Infinity;
      for (let c = 0; c < k; c++) {
        const distance = squaredDistance(x, i * d, centres, c * d, d);
        if (distance < least) {
          least = distance;
          nearest = c;
        }
      }
      if (of[i] !== nearest) moved++;
      of[i] = nearest;
      inertia += least;
    }
    if (moved === 0 || round === MAX_ROUNDS) return { centres, of, inertia };
    moveCentres(x, d, of, centres);
  }
}

/** Moves each centre to the mean of its rows; one without rows stays. */
function moveCentres(x: Float32Array | Float64Array, d: number, of: Int32Array, centres: Float64Array): void {
  const counts = new Int32Array(centres.length / d);
  for (const c of of) counts[c]!++;
  for (let c = 0; c < counts.length; c++) if (counts[c]! > 0) centres.fill(0, c * d, (c + 1) * d);
  for (let i = 0; i < of.length; i++) {
    const c = of[i]!;
    for (let j = 0; j < d; j++) centres[c * d + j]! += x[i * d + j]! / counts[c]!;
  }
}

function squaredDistance(a: Float32Array | Float64Array, atA: number, b: Float64Array, atB: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = a[atA + j]! - b[atB + j]!;
    sum += difference * difference;
  }
  return sum;
}
