import { matrix, vector, type LayerBatch } from '../layer-detector.ts';
import { predictedClasses } from './predictions.ts';

/**
 * Where a class may have two groups, one of them suspicious: a sample's place on the line from the centre of the normal
 * group (0) to that of the suspicious one (1), times how likely the class is contaminated.
 */
export interface SplitClass {
  /** Score of x: `direction . x + offset`. */
  direction: Float64Array;
  offset: number;
}

/**
 * The line from `normal` to `suspicious` as a function of the activations: both are coordinates along `axes` `[k, d]`
 * about `mean`.
 */
export function lineBetween(
  normal: Float64Array,
  suspicious: Float64Array,
  axes: Float64Array,
  mean: Float64Array,
  weight: number,
): SplitClass {
  const d = mean.length;
  const gap = suspicious.map((value, i) => value - normal[i]!);
  const length = gap.reduce((sum, value) => sum + value * value, 0);
  const direction = new Float64Array(d);
  if (length === 0 || weight === 0) return { direction, offset: 0 };
  let offset = 0;
  gap.forEach((value, i) => {
    for (let j = 0; j < d; j++) direction[j]! += (weight * value * axes[i * d + j]!) / length;
    offset -= (weight * value * normal[i]!) / length;
  });
  for (let j = 0; j < d; j++) offset -= direction[j]! * mean[j]!;
  return { direction, offset };
}

/** The arrays that {@link classLines} returns, as a layer detector declares them. */
export const lineArrays = { directions: 'float64', offsets: 'float64' } as const;

/** Returns the lines of a layer's classes as arrays; a class without a line scores 0. */
export function classLines(lines: readonly (SplitClass | undefined)[], d: number) {
  const directions = new Float64Array(lines.length * d);
  lines.forEach((line, k) => line && directions.set(line.direction, k * d));
  return {
    directions: matrix(directions, d),
    offsets: vector(Float64Array.from(lines, (line) => line?.offset ?? 0)),
  };
}

/** Returns the score of each sample by the line of its predicted class, `[size]`. */
export function scoreByLines(
  { directions, offsets }: { directions: Float64Array; offsets: Float64Array },
  { x, dims: d, batch }: Pick<LayerBatch<unknown>, 'x' | 'dims' | 'batch'>,
): Float64Array {
  return Float64Array.from(predictedClasses(batch), (k, row) => {
    let sum = offsets[k]!;
    for (let j = 0; j < d; j++) sum += directions[k * d + j]! * x[row * d + j]!;
    return sum;
  });
}
