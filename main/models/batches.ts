import * as tf from '@tensorflow/tfjs-core';
import { BatchReader } from '../data/threads/batch-reader.ts';
import type { Batch, Dataset } from '../data/dataset.ts';

/** Lets messages (a cancel) and timers be handled: engines on the CPU compute without ever leaving the thread. */
export function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Consecutive slices of `order`, each of at most `batchSize` indices, and no more of them than `most`. */
export function* slices(order: Int32Array, batchSize: number, most = Infinity): Generator<Int32Array> {
  for (let start = 0, count = 0; start < order.length && count < most; start += batchSize, count++)
    yield order.subarray(start, start + batchSize);
}

/**
 * Yields the samples at `order` in batches of at most `batchSize`, as they are without epochs, read ahead if that pays.
 * @throws CupbearerError as `Dataset.read`.
 */
export async function* batchesAhead(
  dataset: Dataset,
  order: Int32Array,
  batchSize: number,
): AsyncGenerator<{ indices: Int32Array; batch: Batch }> {
  const reader = new BatchReader(dataset, { expected: Math.ceil(order.length / batchSize) });
  try {
    yield* reader.batches(slices(order, batchSize), 0);
  } finally {
    await reader.close();
  }
}

/** The indices 0 to n - 1. */
export function range(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

/** A batch's inputs as a tensor `[size, ...shape]` on the engine. */
export function inputTensor(batch: Batch, dataset: Dataset): tf.Tensor {
  return tf.tensor(batch.inputs, [batch.size, ...dataset.shape], 'float32');
}

/**
 * Frees the inputs of a batch that are not needed any more. They lie outside of JavaScript's heap, whose collector lets
 * up to 60 MB of such garbage wait.
 */
export function discard({ inputs: { buffer } }: Batch): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
