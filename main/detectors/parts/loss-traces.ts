import * as tf from '@tensorflow/tfjs-core';
import { checkNotCancelled } from '../../data/cancellation.ts';
import { otherWork } from '../../models/batches.ts';
import type { Network } from '../../models/network.ts';
import { predictedClasses } from './predictions.ts';
import type { Samples } from './reference-samples.ts';

/** Samples that run through the network at once. */
const BLOCK = 2000;

/** Weights of a network that lie one after the other in a vector. */
export interface WeightSlice {
  name: string;
  shape: number[];
  from: number;
  to: number;
}

/** The weights of a vector `[length]` by name, as tensors that the caller disposes of. */
export function toTensors(weights: Float32Array, slices: readonly WeightSlice[]): Map<string, tf.Tensor> {
  return new Map(slices.map(({ name, shape, from, to }) => [name, tf.tensor(weights.subarray(from, to), shape)]));
}

/**
 * Each sample's loss, at the class that the network itself predicts, under each draw of the weights; centred and
 * divided by its length, so that inner products are Pearson correlations, `[size, draws]`. A loss that never changes
 * yields zeros: it is coupled to nothing.
 */
export async function lossTraces(
  network: Network,
  slices: readonly WeightSlice[],
  draws: Float32Array,
  samples: Samples,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const predicted = predictedClasses(samples);
  const length = slices.at(-1)!.to;
  const total = draws.length / length;
  const width = samples.inputs.length / samples.size;
  const traces = new Float64Array(samples.size * total);
  for (let from = 0; from < samples.size; from += BLOCK) {
    const to = Math.min(samples.size, from + BLOCK);
    const x = tf.tensor(samples.inputs.subarray(from * width, to * width), [to - from, ...network.spec.inputShape]);
    try {
      for (let t = 0; t < total; t++) {
        checkNotCancelled(signal, 'The loss traces');
        const weights = draws.subarray(t * length, (t + 1) * length);
        const logits = tf.tidy(() => network.forward(x, { weights: toTensors(weights, slices) }));
        const losses = crossEntropies(await logits.data<'float32'>(), predicted.subarray(from, to));
        logits.dispose();
        for (let row = from; row < to; row++) traces[row * total + t] = losses[row - from]!;
        if (t % 16 === 0) await otherWork();
      }
    } finally {
      x.dispose();
    }
  }
  for (let row = 0; row < samples.size; row++) standardise(traces.subarray(row * total, (row + 1) * total));
  return traces;
}

/** Centres a trace and divides it by its length; one that is constant becomes zeros. */
function standardise(trace: Float64Array): void {
  const mean = trace.reduce((sum, value) => sum + value, 0) / trace.length;
  let squares = 0;
  for (const value of trace) squares += (value - mean) ** 2;
  const scale = trace.every((value) => value === trace[0]) || squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let t = 0; t < trace.length; t++) trace[t] = (trace[t]! - mean) * scale;
}

/**
 * Softmax cross-entropy of each row of `logits` `[n, c]` at its label, `[n]`, from the logits' differences in float64:
 * those of confident samples, far below the precision of float32 beside 1, still move with the weights.
 */
export function crossEntropies(logits: Float32Array, labels: Int32Array): Float64Array {
  const classes = logits.length / labels.length;
  return Float64Array.from(labels, (label, row) => {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    let largest = -Infinity;
    for (let j = 0; j < classes; j++) if (j !== label) largest = Math.max(largest, z[j]! - z[label]!);
    if (largest === -Infinity) return 0;
    let sum = 0;
    for (let j = 0; j < classes; j++) if (j !== label) sum += Math.exp(z[j]! - z[label]! - largest);
    return largest > 0 ? largest + Math.log(Math.exp(-largest) + sum) : Math.log1p(Math.exp(largest) * sum);
  });
}
