import { CupbearerError } from '../../../shared/errors.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import { MomentAccumulator } from '../../tensor/linalg/moments.ts';
import type { FeatureLayer, FeatureStream } from '../detector.ts';
import { ClassMoments } from './class-moments.ts';
import { classCount, predictedClasses } from './predictions.ts';
import { checkCount } from './rows.ts';

/** Returns what a map by layers holds for one of them. @throws CupbearerError `internal` if it lacks the layer. */
export function ofLayer<T>(byLayer: ReadonlyMap<string, T>, name: string): T {
  const found = byLayer.get(name);
  if (found !== undefined) return found;
  throw new CupbearerError('internal', `There are no activations of the layer "${name}".`);
}

/**
 * Runs through a stream once with an accumulator for each layer. `adder` is called for each batch and returns what adds
 * the activations `x` `[size, dims]` of a layer to its accumulator.
 * @throws CupbearerError `bad-data` if the stream has fewer than `atLeast` samples.
 */
export async function accumulate<T>(
  stream: FeatureStream,
  layers: readonly FeatureLayer[],
  start: (dims: number, layer: FeatureLayer) => T,
  adder: (batch: ActivationBatch) => (accumulator: T, x: Float32Array) => void,
  atLeast = 1,
): Promise<Map<string, T>> {
  checkCount(stream, atLeast);
  const byLayer = new Map(layers.map((layer) => [layer.name, start(layer.dims, layer)]));
  for await (const batch of stream.batches()) {
    const add = adder(batch);
    for (const [name, accumulator] of byLayer) add(accumulator, ofLayer(batch.layers, name));
  }
  return byLayer;
}

/** Eigenvalues below this share of the largest are only told from zero if all products are summed up in float64. */
const leastHalfCutOff = 1e-6;
/** Covariances of narrower layers take no time. */
const leastHalfDims = 512;

/**
 * Returns mean and covariance of each layer's activations. Give `cutOff` where eigenvalues of the covariance below this share of
 * the largest count as zero: wide layers that were stored in 16 bits are then summed up as `MomentAccumulator` does for such. @throws CupbearerError
 * `bad-data` as {@link accumulate}.
 */
export function momentsByLayer(
  stream: FeatureStream,
  layers: readonly FeatureLayer[],
  atLeast = 1,
  cutOff = 0,
): Promise<Map<string, MomentAccumulator>> {
  const start = (dims: number, { isHalf = false }: FeatureLayer) =>
    new MomentAccumulator(dims, isHalf && dims >= leastHalfDims && cutOff >= leastHalfCutOff);
  return accumulate(
    stream,
    layers,
    start,
    ({ size }) =>
      (moments, x) =>
        moments.update(x, size),
    atLeast,
  );
}

/** Returns the same by predicted class, with the number of classes; the stream has to carry logits. */
export async function classMomentsByLayer(
  stream: FeatureStream,
  layers: readonly FeatureLayer[],
  atLeast = 1,
): Promise<{ moments: Map<string, ClassMoments>; classes: number }> {
  let classes = 0;
  const adder = (batch: ActivationBatch) => {
    const predicted = predictedClasses(batch);
    classes = classCount(batch);
    return (moments: ClassMoments, x: Float32Array) => moments.update(x, predicted);
  };
  const moments = await accumulate(stream, layers, (dims) => new ClassMoments(dims), adder, atLeast);
  return { moments, classes };
}
