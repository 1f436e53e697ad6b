/** The axis of a forest plot. */
interface DifferenceAxis {
  from: number;
  to: number;
  /** Round values, 0 among them. */
  ticks: readonly number[];
  /** Returns where a value stands, in per cent of the width; one beyond the axis at its end. */
  at: (value: number) => number;
}

interface Difference {
  mean: number;
  lower: number | null;
  upper: number | null;
}

/** Parts that the axis is divided in at most: their labels need room. */
const mostParts = 3;
const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5];
/** Means this many times farther from 0 than the middle one leave the axis, or the others would all look the same. */
const farthest = 4;

/** Returns an axis through 0 that most of the differences have room on. */
export function differenceAxis(differences: readonly Difference[]): DifferenceAxis {
  const distances = differences.map(({ mean }) => Math.abs(mean)).sort((a, b) => a - b);
  const limit = farthest * Math.max(distances[Math.floor(distances.length / 2)] ?? 0, 0.01);
  const near = differences.filter(({ mean }) => Math.abs(mean) <= limit);
  const low = Math.min(0, ...near.map(({ mean, lower }) => lower ?? mean));
  const high = Math.max(0, ...near.map(({ mean, upper }) => upper ?? mean));
  const step = steps.find((size) => Math.ceil(high / size) - Math.floor(low / size) <= mostParts) ?? 1;
  const first = Math.floor(low / step);
  // Without any difference there is an axis, too.
  const last = Math.max(Math.ceil(high / step), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(4)));
  const [from, to] = [first * step, last * step];
  return { from, to, ticks, at: (value) => Math.min(100, Math.max(0, (100 * (value - from)) / (to - from))) };
}
