import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../shared/errors.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { given } from '../../shared/given.ts';
import type { ActivationStore, KeptPart } from './activation-store.ts';
import { batchesAhead, inputTensor, otherWork, range, slices } from './batches.ts';
import { KeptPass } from './kept-pass.ts';
import type { Network } from './network.ts';
import { sizeOf, type NetworkOutline } from './network-outline.ts';

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
export interface ActivationBatch {
  size: number;
  /** `[size]` */
  labels: Int32Array;
  /** Indices of the samples in their dataset. */
  indices: Int32Array;
  layers: ReadonlyMap<string, Float32Array>;
  /** The network's outputs, `[size, classes]`, if they were requested. */
  logits?: Float32Array;
  /** The samples themselves, `[size, ...shape]`, if they were requested. */
  inputs?: Float32Array;
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

/** What is asked of a pass over a dataset. */
export interface PassOptions extends PoolingOptions {
  names: readonly string[];
  batchSize: number;
  /** Whether the network's outputs are wanted, too. */
  logits?: boolean;
  /** Whether the samples themselves are wanted, too. */
  inputs?: boolean;
  indices?: Int32Array;
  /** What a sample of the dataset is called in messages; its index unless given. */
  nameOf?: (index: number) => number;
  signal?: AbortSignal | undefined;
  /** Where what the network makes of data is kept; all is computed unless given. */
  store?: ActivationStore | undefined;
}

/**
 * Runs the network over a dataset and yields the named activations, batch by batch, in order. With a store, what an earlier
 * pass has kept there is taken from it, bit for bit, and the network computes the rest, if there is any.
 * @throws CupbearerError `non-finite` naming layer and sample if an activation or an input is not a number.
 */
export async function* activationBatches(
  network: Network,
  dataset: Dataset,
  options: PassOptions,
): AsyncGenerator<ActivationBatch> {
  const { batchSize, store, inputs: wantsInputs = false } = options;
  const order = options.indices ?? range(dataset.length);
  const { layers, logits, labels } = partsOf(network, options);
  const parts = [...layers.values(), ...(logits ? [logits] : []), ...(wantsInputs ? [] : [labels])];
  const kept = new KeptPass(store, parts, { dataset, order, batchSize });
  let samples: ReturnType<typeof batchesAhead> | undefined;
  let number = 0;
  try {
    for (const indices of slices(order, batchSize)) {
      checkNotCancelled(options.signal, 'The pass over the data');
      const values = kept.read(number);
      const missing = parts.filter((part) => !values.has(part));
      // What is missing stays so: once samples are read, those of all later batches are.
      if (missing.length > 0 || wantsInputs)
        samples ??= batchesAhead(dataset, order.subarray(number * batchSize), batchSize);
      const batch = samples && (await nextOf(samples));
      if (batch) {
        // ReLU would turn NaN into 0 unnoticed.
        checkFinite('the input', batch.inputs, indices, options.nameOf);
        values.set(labels, batch.labels);
        for (const [part, computed] of await compute(network, batch, dataset, missing, options)) {
          checkFinite(nameOf(part), computed, indices, options.nameOf);
          values.set(part, computed);
        }
        for (const part of missing) kept.keep(part, values.get(part)!);
      }
      store?.count(
        indices.length,
        missing.some((part) => part !== labels),
      );
      number++;
      if (number * batchSize >= order.length) kept.finish();
      await otherWork();
      yield {
        size: indices.length,
        indices,
        // Each part is there by now, in the type of its kind.
        labels: values.get(labels) as Int32Array,
        layers: new Map([...layers].map(([name, part]) => [name, values.get(part) as Float32Array])),
        ...given({
          logits: logits && (values.get(logits) as Float32Array),
          inputs: wantsInputs ? batch?.inputs : undefined,
        }),
      };
    }
  } finally {
    kept.close();
    await samples?.return(undefined);
  }
}

/** What a pass yields of each sample. */
function partsOf(network: NetworkOutline, options: PassOptions) {
  const layers = options.names.map((layer): [string, KeptPart] => [
    layer,
    { what: { layer, pooled: pooledAs(network, layer, options) }, width: activationDims(network, layer, options) },
  ]);
  const logits: KeptPart | undefined = options.logits
    ? { what: 'logits', width: sizeOf(network.root.outputShape(network.spec.inputShape)) }
    : undefined;
  const labels: KeptPart = { what: 'labels', width: 1 };
  return { layers: new Map(layers), logits, labels };
}

function nameOf({ what }: KeptPart): string {
  return typeof what === 'object' ? what.layer : 'the output';
}

async function nextOf(samples: ReturnType<typeof batchesAhead>): Promise<Batch> {
  const next = await samples.next();
  if (next.done) throw new CupbearerError('internal', 'A pass over data ended before its last batch.');
  return next.value.batch;
}

/** Those of the parts that the network computes. */
async function compute(
  network: Network,
  batch: Batch,
  dataset: Dataset,
  parts: readonly KeptPart[],
  options: PoolingOptions,
): Promise<[KeptPart, Float32Array][]> {
  const layers = parts.filter(({ what }) => typeof what === 'object');
  const logits = parts.filter(({ what }) => what === 'logits');
  if (layers.length + logits.length === 0) return [];
  const observed = { ...options, names: layers.map(nameOf), logits: logits.length > 0 };
  const tensors = tf.tidy(() => observe(network, inputTensor(batch, dataset), observed));
  try {
    const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
    return [...layers, ...logits].map((part, i) => [part, values[i]!]);
  } finally {
    tf.dispose(tensors);
  }
}

/** The pooled activations, in the order of their names, and the logits if they are wanted. */
function observe(
  network: Network,
  x: tf.Tensor,
  options: PoolingOptions & { names: readonly string[]; logits: boolean },
): tf.Tensor[] {
  const { activations, logits } = options.logits
    ? network.activationsAndLogits(x, options.names)
    : { activations: network.activations(x, options.names), logits: undefined };
  const layers = options.names.map((name) => {
    const pooled = pool(activations[name]!, options);
    if (pooled !== activations[name]) activations[name]!.dispose();
    return tf.keep(pooled);
  });
  return logits ? [...layers, tf.keep(logits)] : layers;
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

/** Names what {@link pool} does to an activation; parameters that do nothing to one of its shape are not in it. */
function pooledAs(network: NetworkOutline, name: string, options: PoolingOptions): string {
  const { length: rank } = network.activationShape(name);
  if (rank === 3) return options.pooling;
  if (rank !== 2) return 'none';
  return options.token_position === undefined ? (options.tokens ?? 'last') : `token ${options.token_position}`;
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
