import type { ActivationBatch } from '../models/activations.ts';
import { doubles, type DetectorState, type LayerScores } from './detector.ts';
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

/** Adds the lines of a layer's classes to a state; a class without one scores 0. */
export function storeLines(
  state: DetectorState,
  name: string,
  d: number,
  lines: readonly (SplitClass | undefined)[],
): void {
  const directions = new Float64Array(lines.length * d);
  lines.forEach((line, k) => line && directions.set(line.direction, k * d));
  state.tensors[`${name}/directions`] = { shape: [lines.length, d], data: directions };
  state.tensors[`${name}/offsets`] = {
    shape: [lines.length],
    data: Float64Array.from(lines, (line) => line?.offset ?? 0),
  };
}

/** The score of each sample by the line of its predicted class. */
export function scoreByLines(state: DetectorState, batch: ActivationBatch): LayerScores {
  const predicted = predictedClasses(batch);
  const scores: LayerScores = new Map();
  for (const [name, x] of batch.layers) {
    const directions = doubles(state, `${name}/directions`);
    const offsets = doubles(state, `${name}/offsets`);
    const d = x.length / batch.size;
    scores.set(
      name,
      Float64Array.from(predicted, (k, row) => {
        let sum = offsets[k]!;
        for (let j = 0; j < d; j++) sum += directions[k * d + j]! * x[row * d + j]!;
        return sum;
      }),
    );
  }
  return scores;
}
