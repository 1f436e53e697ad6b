import type { Schedule } from './schedules.ts';
import * as tf from '@tensorflow/tfjs-core';
import { BatchReader } from '../data/threads/batch-reader.ts';
import { checkNotCancelled } from '../data/cancellation.ts';
import type { Batch, Dataset } from '../data/dataset.ts';
import { softmaxCrossEntropy } from '../tensor/loss.ts';
import { RandomStream } from '../tensor/random.ts';
import { read } from '../tensor/read.ts';
import { batchesAhead, discard, inputTensor, otherWork, range, slices } from './batches.ts';
import { diverged, gradientStep } from './gradient-step.ts';
import type { Network } from './network.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * What the learning rate is multiplied by at `step` (from 1) of `stepsPlanned`: 1, or half a cosine from 1 down towards
 * 0 (Loshchilov & Hutter 2017, equation 5, without restarts).
 */
export function rateFactor(schedule: Schedule, step: number, stepsPlanned: number): number {
  return schedule === 'constant' ? 1 : (1 + Math.cos((Math.PI * (step - 1)) / stepsPlanned)) / 2;
}

/** Means over the samples of one epoch. */
export interface EpochSummary {
  /** Counted from 1. */
  epoch: number;
  /** Steps taken since the start of training. */
  steps: number;
  loss: number;
  /** Share of the training samples, 0 to 1, that were predicted as labelled while training. */
  accuracy: number;
}

export interface TrainingOptions {
  network: Network;
  optimizer: Optimizer;
  dataset: Dataset;
  epochs: number;
  batchSize: number;
  /** Ends training early, in the middle of an epoch if need be. */
  maxSteps?: number;
  /** How the learning rate goes from the first step to the last one planned; constant unless given. */
  schedule?: Schedule;
  /** Share of the target that is spread evenly over all classes, 0 to 1; 0 unless given. */
  labelSmoothing?: number;
  /** Order of the samples: a function of (seed, epoch). */
  seed: number;
  /** Epochs and steps that an earlier, interrupted training has completed. */
  completed?: { epochs: number; steps: number };
  signal?: AbortSignal | undefined;
  onStep?: (progress: { epoch: number; step: number; stepsPlanned: number; loss: number }) => void;
  onEpoch?: (summary: EpochSummary) => Promise<void> | void;
}

/**
 * Trains a classifier with softmax cross-entropy.
 * @throws CupbearerError `non-finite` naming epoch and step if the loss (the weights are then those before that
 *   step) or, at the end of an epoch, a weight is NaN or infinite. `cancelled` if the signal was given.
 */
export async function trainClassifier(options: TrainingOptions): Promise<void> {
  const { dataset, epochs, batchSize, maxSteps = Infinity } = options;
  const { epochs: done, steps } = options.completed ?? { epochs: 0, steps: 0 };
  const left = (epochs - done) * Math.ceil(dataset.length / batchSize);
  const stepsPlanned = Math.min(maxSteps, steps + left);
  const expected = stepsPlanned - steps;
  const reader = new BatchReader(dataset, { expected });
  try {
    await trainEpochs(options, reader, stepsPlanned);
  } finally {
    await reader.close();
  }
}

async function trainEpochs(options: TrainingOptions, reader: BatchReader, stepsPlanned: number): Promise<void> {
  const { dataset, epochs, batchSize, maxSteps = Infinity } = options;
  const orders = RandomStream.from(options.seed, 'sample-order');
  let step = options.completed?.steps ?? 0;
  for (let epoch = (options.completed?.epochs ?? 0) + 1; epoch <= epochs && step < maxSteps; epoch++) {
    let samples = 0;
    let lossSum = 0;
    let correct = 0;
    const order = slices(orders.derive(epoch).permutation(dataset.length), batchSize, maxSteps - step);
    for await (const { batch } of reader.batches(order, epoch)) {
      checkNotCancelled(options.signal, 'The training');
      const result = await trainStep(options, batch, epoch, ++step, stepsPlanned);
      discard(batch);
      samples += batch.size;
      lossSum += result.loss * batch.size;
      correct += result.correct;
      options.onStep?.({ epoch, step, stepsPlanned, loss: result.loss });
      if (step % 16 === 0) await otherWork();
    }
    await checkWeights(options.network, epoch, step);
    await options.onEpoch?.({ epoch, steps: step, loss: lossSum / samples, accuracy: correct / samples });
  }
}

async function trainStep(
  {
    network,
    optimizer,
    dataset,
    batchSize,
    schedule = 'constant',
    labelSmoothing = 0,
    completed = { epochs: 0, steps: 0 },
  }: TrainingOptions,
  batch: Batch,
  epoch: number,
  step: number,
  stepsPlanned: number,
): Promise<{ loss: number; correct: number }> {
  const x = inputTensor(batch, dataset);
  const labels = tf.tensor1d(batch.labels, 'int32');
  let predictions: tf.Tensor | undefined;
  // The rate follows the epochs: steps of other sizes, before a training was resumed, count as so many of these.
  const before = completed.epochs * Math.ceil(dataset.length / batchSize) - completed.steps;
  const at = { epoch, step, rate: rateFactor(schedule, step + before, stepsPlanned + before) };
  try {
    const loss = await gradientStep(network.variables, optimizer, at, () => {
      const logits = network.forward(x, { training: true });
      // Outlives the scope in which the loss is differentiated.
      predictions = tf.keep(tf.argMax(logits, 1));
      return softmaxCrossEntropy(logits, labels, labelSmoothing);
    });
    const predicted = await predictions!.data();
    let correct = 0;
    for (let i = 0; i < batch.size; i++) if (predicted[i] === batch.labels[i]) correct++;
    return { loss, correct };
  } finally {
    tf.dispose([x, labels, ...(predictions ? [predictions] : [])]);
  }
}

/**
 * Weights that are no numbers must not take the place of the last good ones. The loss need not show it: a gradient can
 * overflow alone, and ReLU turns NaN into 0 on some engines.
 */
async function checkWeights(network: Network, epoch: number, step: number): Promise<void> {
  for (const [name, variable] of network.variables) {
    const bad = (await variable.data()).find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw diverged(`The weight "${name}" is ${bad} after`, epoch, step);
  }
}

/**
 * Predicted class and label of each sample, both `[n]`, in the order of the indices (all samples unless told
 * otherwise).
 */
export async function predict(
  network: Network,
  dataset: Dataset,
  options: { batchSize: number; indices?: Int32Array; signal?: AbortSignal | undefined },
): Promise<{ predicted: Int32Array; labels: Int32Array }> {
  const indices = options.indices ?? range(dataset.length);
  const predicted = new Int32Array(indices.length);
  const labels = new Int32Array(indices.length);
  let done = 0;
  for await (const { batch } of batchesAhead(dataset, indices, options.batchSize)) {
    checkNotCancelled(options.signal, 'The prediction');
    predicted.set(await read<'int32'>(() => tf.argMax(network.forward(inputTensor(batch, dataset)), 1)), done);
    labels.set(batch.labels, done);
    discard(batch);
    done += batch.size;
    await otherWork();
  }
  return { predicted, labels };
}
