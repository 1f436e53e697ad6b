import type { z } from 'zod';
import type { NamedTensor, TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { ActivationBatch } from '../models/activations.ts';
import {
  defineDetector,
  type DetectorContext,
  type DetectorDeclaration,
  type DetectorDefinition,
  type DetectorNeeds,
  type DetectorState,
  type FeatureLayer,
  type GrantedFeatures,
  type ParamsOf,
} from './detector.ts';

const arrayTypes = { float64: Float64Array, float32: Float32Array, int32: Int32Array };
interface ArrayOf {
  float64: Float64Array;
  float32: Float32Array;
  int32: Int32Array;
}
interface ValueOf {
  number: number;
  string: string;
}

/** An element type, with a question mark if some parameters do without the array. */
type ArrayType = keyof ArrayOf | `${keyof ArrayOf}?`;
/** Names of the arrays that a detector learns of each layer, with their types. */
type ArrayTypes = Record<string, ArrayType>;
type DataOf<T extends ArrayType> = T extends keyof ArrayOf
  ? ArrayOf[T]
  : T extends `${infer E extends keyof ArrayOf}?`
    ? ArrayOf[E] | undefined
    : never;
/** Names of the numbers and words that it keeps for all layers, with their types. */
type ValueTypes = Record<string, keyof ValueOf>;

/** What is learned of one layer. */
type LearnedArrays<A extends ArrayTypes> = {
  [K in keyof A]: { shape: number[]; data: NonNullable<DataOf<A[K]>> } | Extract<DataOf<A[K]>, undefined>;
};
/** The same as `scoreLayer` reads it. */
type LayerArrays<A extends ArrayTypes> = { [K in keyof A]: DataOf<A[K]> };
type Values<V extends ValueTypes> = { [K in keyof V]: ValueOf[V[K]] };

/** A layer of a batch: activations `x` `[size, dims]`, and what else the batch holds. */
export interface LayerBatch<V> {
  name: string;
  x: Float32Array;
  size: number;
  dims: number;
  batch: ActivationBatch;
  /** The numbers and words that the detector has kept. */
  values: V;
}

/** What an author writes of a detector that looks at each layer on its own. */
interface LayerDetectorDeclaration<
  P extends z.ZodRawShape,
  N extends DetectorNeeds,
  A extends ArrayTypes,
  V extends ValueTypes,
  G,
> extends Omit<DetectorDeclaration<P, N>, 'fit' | 'score'> {
  arrays: A;
  values?: V;
  /** Reads the data once for all layers: a pass over them costs far more than what is then learned of each layer. */
  gather: (features: GrantedFeatures<N>, params: ParamsOf<P>, context: DetectorContext) => Promise<G>;
  /** Returns the numbers and words that scoring needs of the parameters and of what was gathered. */
  keep?: (params: ParamsOf<P>, gathered: G) => Values<V>;
  fitLayer: (
    gathered: G,
    layer: FeatureLayer,
    params: ParamsOf<P>,
    context: DetectorContext,
  ) => LearnedArrays<A> | Promise<LearnedArrays<A>>;
  /** Returns one score a sample, `[size]`; higher is more anomalous. */
  scoreLayer: (
    arrays: LayerArrays<A>,
    layer: LayerBatch<Values<V>>,
    context: DetectorContext,
  ) => Float64Array | Promise<Float64Array>;
}

/**
 * Returns a detector that learns and scores each layer on its own. Its state has each array of a layer under
 * `<layer>/<array>`, and each value under its own name.
 */
export function defineLayerDetector<
  P extends z.ZodRawShape,
  const N extends DetectorNeeds,
  const A extends ArrayTypes,
  G,
  const V extends ValueTypes = Record<never, never>,
>(declaration: LayerDetectorDeclaration<P, N, A, V, G>): DetectorDefinition {
  const { arrays, values, gather, keep, fitLayer, scoreLayer, ...rest } = declaration;
  return defineDetector<P, N>({
    ...rest,

    async fit(features, params, context) {
      const gathered = await gather(features, params, context);
      const tensors: TensorMap = {};
      for (const layer of features.layers) {
        const learned = await fitLayer(gathered, layer, params, context);
        for (const [name, array] of Object.entries<NamedTensor | undefined>(learned))
          if (array) tensors[`${layer.name}/${name}`] = array;
      }
      return { tensors, values: keep?.(params, gathered) ?? {} };
    },

    async score(state, batch, context) {
      const kept = readValues<V>(state, values);
      const scores = new Map<string, Float64Array>();
      for (const [name, x] of batch.layers) {
        const layer = { name, x, size: batch.size, dims: x.length / batch.size, batch, values: kept };
        scores.set(name, await scoreLayer(readArrays(state, name, arrays), layer, context));
      }
      return scores;
    },
  });
}

/** @throws CupbearerError `bad-data` if a stored detector lacks an array or has it in another type. */
function readArrays<A extends ArrayTypes>({ tensors }: DetectorState, layer: string, types: A): LayerArrays<A> {
  const read = Object.entries(types).map(([name, type]) => {
    const data = tensors[`${layer}/${name}`]?.data;
    const element = type.replace('?', '') as keyof ArrayOf;
    const isLeftOut = data === undefined && element !== type;
    if (isLeftOut || data instanceof arrayTypes[element]) return [name, data];
    throw new CupbearerError('bad-data', `The detector's state has no ${element} array "${layer}/${name}".`);
  });
  return Object.fromEntries(read) as LayerArrays<A>;
}

/** @throws CupbearerError `bad-data` if a stored detector lacks a value or has it in another type. */
function readValues<V extends ValueTypes>({ values }: DetectorState, types: V | undefined): Values<V> {
  const read = Object.entries(types ?? {}).map(([name, type]) => {
    const value = values[name];
    if (typeof value === type) return [name, value];
    throw new CupbearerError('bad-data', `The detector's state has no ${type} "${name}".`);
  });
  return Object.fromEntries(read) as Values<V>;
}

/** An array of one axis, to be learned. */
export function vector<T extends ArrayOf[keyof ArrayOf]>(data: T): { shape: number[]; data: T } {
  return { shape: [data.length], data };
}

/** A matrix of `columns` columns, to be learned; without rows if it has no columns. */
export function matrix<T extends ArrayOf[keyof ArrayOf]>(data: T, columns: number): { shape: number[]; data: T } {
  return { shape: [columns === 0 ? 0 : data.length / columns, columns], data };
}
