import * as tf from '@tensorflow/tfjs-core';
import { inputTensor } from './batches.ts';
import type { ActivationSource, AskedSamples, Wanted } from './activation-source.ts';
import type { PoolingOptions } from './pooling.ts';
import { fingerprintTensors, type Network } from './network.ts';

/** A network of the program as a source of activations: it runs on the samples' inputs. */
export class NetworkSource implements ActivationSource {
  readonly network: Network;
  readonly isAwaited = false;

  constructor(network: Network) {
    this.network = network;
  }

  get activationNames(): readonly string[] {
    return this.network.activationNames;
  }

  get defaultActivations(): readonly string[] {
    return this.network.defaultActivations;
  }

  get classOutput(): string | undefined {
    return this.network.classOutput;
  }

  get classes(): readonly string[] {
    return this.network.classes;
  }

  get inputShape(): readonly number[] {
    return this.network.inputShape;
  }

  get outputWidth(): number {
    return this.network.outputWidth;
  }

  get isDifferentiable(): boolean {
    return this.network.isDifferentiable;
  }

  activationShape(name: string): readonly number[] {
    return this.network.activationShape(name);
  }

  isRagged(): boolean {
    return false;
  }

  async observe({ dataset, batch }: AskedSamples, wanted: Wanted): Promise<Float32Array[]> {
    const tensors = tf.tidy(() => observed(this.network, inputTensor(batch, dataset), wanted));
    try {
      return await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
    } finally {
      tf.dispose(tensors);
    }
  }

  tokenCounts(name: string, { indices }: Pick<AskedSamples, 'indices'>): Int32Array {
    return new Int32Array(indices.length).fill(this.activationShape(name)[0]!);
  }

  largestBatch(): number {
    return Infinity;
  }

  async identity(): Promise<object> {
    return { architecture: this.network.spec, weights: fingerprintTensors(await this.network.state()) };
  }

  dispose(): void {
    this.network.dispose();
  }
}

/** The pooled activations, in the order of their names, and the logits if they are wanted. */
function observed(network: Network, x: tf.Tensor, { names, logits: wantsLogits, ...pooling }: Wanted): tf.Tensor[] {
  const { activations, logits } = wantsLogits
    ? network.activationsAndLogits(x, names)
    : { activations: network.activations(x, names), logits: undefined };
  const layers = names.map((name) => {
    const pooled = pool(activations[name]!, pooling);
    if (pooled !== activations[name]) activations[name]!.dispose();
    return tf.keep(pooled);
  });
  return logits ? [...layers, tf.keep(logits)] : layers;
}

function pool(activation: tf.Tensor, { pooling, tokens = 'last', token_position }: PoolingOptions): tf.Tensor {
  if (activation.rank === 3) return poolTokens(activation, tokens, token_position);
  if (activation.rank !== 4 || pooling === 'none') return activation;
  return pooling === 'mean' ? tf.mean(activation, [1, 2]) : tf.max(activation, [1, 2]);
}

function poolTokens(
  activation: tf.Tensor,
  tokens: NonNullable<PoolingOptions['tokens']>,
  position: number | undefined,
): tf.Tensor {
  const [n, length, width] = activation.shape as [number, number, number];
  if (position !== undefined || tokens === 'last') {
    return tf.reshape(tf.slice(activation, [0, position ?? length - 1, 0], [n, 1, width]), [n, width]);
  }
  if (tokens === 'none' || tokens === 'each') return activation;
  return tokens === 'mean' ? tf.mean(activation, 1) : tf.max(activation, 1);
}
