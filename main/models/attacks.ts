import * as tf from '@tensorflow/tfjs-core';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Dataset } from '../data/dataset.ts';
import { ByteFile } from '../storage/byte-file.ts';
import { bytesOf } from '../storage/element-type.ts';
import { logOddsAgainst } from '../tensor/loss.ts';
import { RandomStream } from '../tensor/random.ts';
import { read } from '../tensor/read.ts';
import { signOf } from '../tensor/sign.ts';
import { otherWork, slices } from './batches.ts';
import type { Network } from './network.ts';

/** An untargeted attack within a box of half-width `eps` about each input, for values of 0 to 1. */
export interface AttackOptions {
  eps: number;
  stepSize: number;
  steps: number;
  /** Starts at a random place in the box instead of the input itself. */
  randomStart: boolean;
  seed: number;
}

interface AttackedSamples {
  /** The changed inputs, `[n, ...shape]` of float32: as many values as the data itself has, at four bytes each. */
  inputs: ByteFile;
  /** The samples' own labels, `[n]`. */
  labels: Int32Array;
  /** Predicted class before and after, `[n]`. */
  before: Int32Array;
  after: Int32Array;
}

/**
 * Part of every fingerprint of attacked samples: a change of how they are made changes it, and stored ones are made
 * again.
 */
export const attackMethod = 'ascent of the log odds';

/** Keeps the batch's activations and gradients of a convolutional network within some hundred megabytes. */
const batchSize = 250;

/**
 * Projected gradient descent (Madry et al., ICLR 2018, arXiv 1706.06083): steps along the sign of the loss's gradient
 * with regard to the input, each followed by a projection onto the box and onto 0 to 1. The loss is the log odds
 * against the label, whose gradient has the same signs as that of the cross entropy and does not vanish for confident
 * samples. One step of size `eps` without random start is the fast gradient sign method (Goodfellow et al., ICLR 2015,
 * arXiv 1412.6572). The random start depends on the seed and the sample's index alone. @throws CupbearerError
 * `cancelled`, `storage`.
 */
export async function attackSamples(
  network: Network,
  dataset: Dataset,
  indices: Int32Array,
  options: AttackOptions,
  run: { signal?: AbortSignal | undefined; progress?: ((done: number, total: number) => void) | undefined } = {},
): Promise<AttackedSamples> {
  const result: AttackedSamples = {
    inputs: ByteFile.create(),
    labels: new Int32Array(indices.length),
    before: new Int32Array(indices.length),
    after: new Int32Array(indices.length),
  };
  let done = 0;
  run.progress?.(0, indices.length);
  for (const slice of slices(indices, batchSize)) {
    const batch = dataset.read(slice, 0);
    const shape = [batch.size, ...dataset.shape];
    const clean = tf.tensor(batch.inputs, shape);
    const labels = tf.tensor1d(batch.labels, 'int32');
    let attacked = options.randomStart ? startInBox(clean, slice, options) : tf.clone(clean);
    try {
      for (let step = 0; step < options.steps; step++) {
        checkNotCancelled(run.signal, 'The attack');
        const next = tf.tidy(() => ascend(network, clean, attacked, labels, options));
        attacked.dispose();
        attacked = next;
        await otherWork();
      }
      result.inputs.append(bytesOf(await attacked.data<'float32'>()));
      result.labels.set(batch.labels, done);
      result.before.set(await predictedClasses(network, clean), done);
      result.after.set(await predictedClasses(network, attacked), done);
    } finally {
      tf.dispose([clean, labels, attacked]);
    }
    done += slice.length;
    run.progress?.(done, indices.length);
  }
  return result;
}

/** The share, 0 to 1, of the samples that were right before the attack and are wrong after it; 0 if none was right. */
export function attackSuccess({ labels, before, after }: AttackedSamples): number {
  let right = 0;
  let broken = 0;
  for (let i = 0; i < labels.length; i++) {
    if (before[i] !== labels[i]) continue;
    right++;
    if (after[i] !== labels[i]) broken++;
  }
  return right === 0 ? 0 : broken / right;
}

function startInBox(clean: tf.Tensor, indices: Int32Array, { eps, seed }: AttackOptions): tf.Tensor {
  const root = RandomStream.from(seed, 'attack');
  const size = clean.size / indices.length;
  const offsets = new Float32Array(clean.size);
  indices.forEach((index, i) => {
    const stream = root.derive(index);
    for (let k = 0; k < size; k++) offsets[i * size + k] = (2 * stream.uniform() - 1) * eps;
  });
  return tf.tidy(() => tf.clipByValue(tf.add(clean, tf.tensor(offsets, clean.shape)), 0, 1));
}

function ascend(
  network: Network,
  clean: tf.Tensor,
  attacked: tf.Tensor,
  labels: tf.Tensor1D,
  { eps, stepSize }: AttackOptions,
): tf.Tensor {
  const gradient = tf.grad((x) => logOddsAgainst(network.forward(x), labels))(attacked);
  const moved = tf.add(attacked, tf.mul(signOf(gradient), stepSize));
  const inBox = tf.minimum(tf.maximum(moved, tf.sub(clean, eps)), tf.add(clean, eps));
  return tf.clipByValue(inBox, 0, 1);
}

function predictedClasses(network: Network, x: tf.Tensor): Promise<Int32Array> {
  return read<'int32'>(() => tf.argMax(network.forward(x), 1));
}
