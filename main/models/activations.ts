import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../shared/errors.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { batchesAhead, inputTensor, otherWork, range } from './batches.ts';
import type { Network } from './network.ts';
import type { NetworkOutline } from './network-outline.ts';

/** How a feature map `[n, height, width, channels]` becomes one vector a sample. */
type Pooling = 'mean' | 'max' | 'none';

/** How the tokens of a text, `[n, length, width]`, become one vector a sample. */
type TokenPooling = 'last' | Pooling;

/** How activations of more than one axis become vectors. */
export interface PoolingOptions {
  pooling: Pooling;
  /** The last token unless given. */
  tokens?: TokenPooling;
  /** One token, counted from 0, in place of what `tokens` says. */
  token_position?: number | undefined;
}

/** Some samples with their activations: per layer a row-major matrix `[size, dims]`. */
export interface ActivationBatch extends Batch {
  /** Indices of the samples in their dataset. */
  indices: Int32Array;
  layers: ReadonlyMap<string, Float32Array>;
  /** The network's outputs, `[size, classes]`, if they were requested. */
  logits?: Float32Array;
}

/**
 * Length of a sample's vector at the named activation, after pooling.
 * @throws CupbearerError `usage` if a token is asked for beyond the end of the texts.
 */
export function activationDims(network: NetworkOutline, name: string, options: PoolingOptions): number {
  const shape = network.activationShape(name);
  const { pooling, tokens = 'last', token_position: position } = options;
  if (shape.length === 3 && pooling !== 'none') return shape[2]!;
  if (shape.length === 2 && position !== undefined && position >= shape[0]!) {
    throw new CupbearerError(
      'usage',
      `Expected a token position of 0 to ${shape[0]! - 1} at ${name}, found ${position}.`,
    );
  }
  if (shape.length === 2 && (tokens !== 'none' || position !== undefined)) return shape[1]!;
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Runs the network over a dataset and yields the named activations, batch by batch, in order; with `logits` the
 * network's outputs too.
 * @throws CupbearerError `non-finite` naming layer and sample if an activation or an input is not a number.
 */
export async function* activationBatches(
  network: Network,
  dataset: Dataset,
  options: PoolingOptions & {
    names: readonly string[];
    batchSize: number;
    logits?: boolean;
    indices?: Int32Array;
    /** What a sample of the dataset is called in messages; its index unless given. */
    nameOf?: (index: number) => number;
    signal?: AbortSignal | undefined;
  },
): AsyncGenerator<ActivationBatch> {
  const order = options.indices ?? range(dataset.length);
  for await (const { indices, batch } of batchesAhead(dataset, order, options.batchSize)) {
    checkNotCancelled(options.signal, 'The pass over the data');
    // ReLU would turn NaN into 0 unnoticed.
    checkFinite('the input', batch.inputs, indices, options.nameOf);
    const tensors = tf.tidy(() => observe(network, inputTensor(batch, dataset), options));
    const [logits, ...layers] = await Promise.all(
      [tensors.logits, ...tensors.layers].map(async (tensor) => (await tensor?.data()) as Float32Array),
    );
    tf.dispose([...tensors.layers, ...(tensors.logits ? [tensors.logits] : [])]);
    const named = new Map(options.names.map((name, i) => [name, layers[i]!]));
    for (const [name, values] of named) checkFinite(name, values, indices, options.nameOf);
    if (logits) checkFinite('the output', logits, indices, options.nameOf);
    await otherWork();
    yield { ...batch, indices, layers: named, ...(logits ? { logits } : {}) };
  }
}

/** The pooled activations, in the order of their names, and the logits if they are wanted. */
function observe(
  network: Network,
  x: tf.Tensor,
  options: PoolingOptions & { names: readonly string[]; logits?: boolean },
): { layers: tf.Tensor[]; logits: tf.Tensor | undefined } {
  const { activations, logits } = options.logits
    ? network.activationsAndLogits(x, options.names)
    : { activations: network.activations(x, options.names), logits: undefined };
  const layers = options.names.map((name) => {
    const pooled = pool(activations[name]!, options);
    if (pooled !== activations[name]) activations[name]!.dispose();
    return tf.keep(pooled);
  });
  return { layers, logits: logits && tf.keep(logits) };
}

function checkFinite(name: string, values: Float32Array, indices: Int32Array, nameOf = (index: number) => index): void {
  let at = 0;
  while (at < values.length && Number.isFinite(values[at])) at++;
  if (at === values.length) return;
  const sample = nameOf(indices[Math.floor(at / (values.length / indices.length))]!);
  throw new CupbearerError('non-finite', `A value of sample ${sample} at ${name} is ${values[at]}.`, {
    hint: 'The weights of the model or the inputs are not finite.',
    details: { layer: name, sample },
  });
}

function pool(activation: tf.Tensor, { pooling, tokens = 'last', token_position }: PoolingOptions): tf.Tensor {
  if (activation.rank === 3) return poolTokens(activation, tokens, token_position);
  if (activation.rank !== 4 || pooling === 'none') return activation;
  return pooling === 'mean' ? tf.mean(activation, [1, 2]) : tf.max(activation, [1, 2]);
}

function poolTokens(activation: tf.Tensor, tokens: TokenPooling, position: number | undefined): tf.Tensor {
  const [n, length, width] = activation.shape as [number, number, number];
  if (position !== undefined || tokens === 'last') {
    return tf.reshape(tf.slice(activation, [0, position ?? length - 1, 0], [n, 1, width]), [n, width]);
  }
  if (tokens === 'none') return activation;
  return tokens === 'mean' ? tf.mean(activation, 1) : tf.max(activation, 1);
}
