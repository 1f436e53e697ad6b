import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Dataset } from '../data/dataset.ts';
import { checkCancelled, inputTensor, otherWork, range, slices } from './batches.ts';
import type { Network } from './network.ts';

/** How a feature map `[n, height, width, channels]` becomes one vector a sample. */
export type Pooling = 'mean' | 'max' | 'none';

/** Some samples with their activations: per layer a row-major matrix `[size, dims]`. */
export interface ActivationBatch extends Batch {
  /** Indices of the samples in their dataset. */
  indices: Int32Array;
  layers: ReadonlyMap<string, Float32Array>;
}

/** Length of a sample's vector at the named activation, after pooling. */
export function activationDims(network: Network, name: string, pooling: Pooling): number {
  const shape = network.activationShape(name);
  return shape.length === 3 && pooling !== 'none' ? shape[2]! : shape.reduce((product, size) => product * size, 1);
}

/** Runs the network over a dataset and yields the named activations, batch by batch, in order. */
export async function* activationBatches(
  network: Network,
  dataset: Dataset,
  options: {
    names: readonly string[];
    pooling: Pooling;
    batchSize: number;
    indices?: Int32Array;
    signal?: AbortSignal;
  },
): AsyncGenerator<ActivationBatch> {
  for (const indices of slices(options.indices ?? range(dataset.length), options.batchSize)) {
    checkCancelled(options.signal);
    const batch = dataset.read(indices, 0);
    const tensors = tf.tidy(() => {
      const seen = network.activations(inputTensor(batch, dataset), options.names);
      return options.names.map((name) => {
        const pooled = pool(seen[name]!, options.pooling);
        if (pooled !== seen[name]) seen[name]!.dispose();
        return tf.keep(pooled);
      });
    });
    const layers = new Map<string, Float32Array>();
    for (const [i, name] of options.names.entries()) layers.set(name, (await tensors[i]!.data()) as Float32Array);
    tf.dispose(tensors);
    await otherWork();
    yield { ...batch, indices, layers };
  }
}

function pool(activation: tf.Tensor, pooling: Pooling): tf.Tensor {
  if (activation.rank !== 4 || pooling === 'none') return activation;
  return pooling === 'mean' ? tf.mean(activation, [1, 2]) : tf.max(activation, [1, 2]);
}
