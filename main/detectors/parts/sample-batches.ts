import { given } from '../../../shared/given.ts';
import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { ActivationBatch } from '../../models/activations.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { FeatureStream } from '../detector.ts';
import { inputsOf } from './predictions.ts';

/**
 * Samples held in memory to be shuffled among each other; datasets that are sorted within less than this come out
 * mixed.
 */
const windowRows = 8192;

/**
 * One pass over a stream in small batches of `size` samples for training, the last perhaps smaller. Samples are
 * shuffled within windows of at least 8192, so that memory stays bounded; neither order nor cut depends on the stream's
 * batches.
 */
export async function* shuffledBatches(
  stream: FeatureStream,
  size: number,
  random: RandomStream,
): AsyncGenerator<ActivationBatch> {
  // A whole number of batches, so that only the last one of the pass is cut short.
  const capacity = size * Math.ceil(windowRows / size);
  let window: ActivationBatch[] = [];
  let held = 0;
  for await (const batch of stream.batches()) {
    for (let start = 0; start < batch.size;) {
      const end = Math.min(batch.size, start + capacity - held);
      window.push(rowsBetween(batch, start, end));
      held += end - start;
      start = end;
      if (held < capacity) continue;
      yield* mixed(window, size, random);
      window = [];
      held = 0;
    }
  }
  if (held > 0) yield* mixed(window, size, random);
}

function* mixed(window: readonly ActivationBatch[], size: number, random: RandomStream): Generator<ActivationBatch> {
  const whole = concatenated(window);
  const order = random.permutation(whole.size);
  for (let start = 0; start < whole.size; start += size) yield rowsAt(whole, order.subarray(start, start + size));
}

/** A random part of a stream, at most `count` samples in the stream's order; `random` alone decides which. */
export async function sampledBatch(
  stream: FeatureStream,
  count: number,
  random: RandomStream,
): Promise<ActivationBatch> {
  const chosen = random.permutation(stream.length).subarray(0, count).sort();
  const parts: ActivationBatch[] = [];
  let start = 0;
  for await (const batch of stream.batches()) {
    const rows = chosen.filter((row) => row >= start && row < start + batch.size).map((row) => row - start);
    if (rows.length > 0) parts.push(rowsAt(batch, rows));
    start += batch.size;
  }
  if (parts.length === 0) throw new CupbearerError('bad-data', 'Expected trusted samples to keep, found none.');
  return concatenated(parts);
}

/** A batch as arrays of a state, under names that begin with `prefix`. */
export function batchToTensors(batch: ActivationBatch, prefix: string): TensorMap {
  const { size, labels, indices, layers } = batch;
  const matrix = (data: Float32Array) => ({ shape: [size, data.length / size], data });
  return {
    [`${prefix}inputs`]: matrix(inputsOf(batch)),
    [`${prefix}labels`]: { shape: [size], data: labels },
    [`${prefix}indices`]: { shape: [size], data: indices },
    ...Object.fromEntries([...layers].map(([name, data]) => [`${prefix}layers/${name}`, matrix(data)])),
  };
}

/** The batch that {@link batchToTensors} put into a state. @throws CupbearerError `bad-data` if it is not there. */
export function batchFromTensors(tensors: TensorMap, prefix: string): ActivationBatch {
  const part = <T extends Float32Array | Int32Array>(name: string): T => {
    const tensor = tensors[`${prefix}${name}`];
    if (tensor) return tensor.data as T;
    throw new CupbearerError('bad-data', `The detector's state has no array "${prefix}${name}".`);
  };
  const labels = part<Int32Array>('labels');
  const layersPrefix = `${prefix}layers/`;
  const layers = Object.entries(tensors)
    .filter(([name]) => name.startsWith(layersPrefix))
    .map(([name, { data }]): [string, Float32Array] => [name.slice(layersPrefix.length), data as Float32Array]);
  return {
    size: labels.length,
    inputs: part('inputs'),
    labels,
    indices: part('indices'),
    layers: new Map(layers),
  };
}

/** The samples `start` to `end - 1` of a batch, in the memory of that batch. */
function rowsBetween(batch: ActivationBatch, start: number, end: number): ActivationBatch {
  return eachArray(batch, end - start, (data, width) => data.subarray(start * width, end * width) as typeof data);
}

/** Copies of the samples at `rows` of a batch, in that order. */
function rowsAt(batch: ActivationBatch, rows: Int32Array): ActivationBatch {
  return eachArray(batch, rows.length, (data, width) => {
    const picked = blank(data, rows.length * width);
    rows.forEach((row, i) => picked.set(data.subarray(row * width, (row + 1) * width), i * width));
    return picked;
  });
}

/** All samples of several batches of the same layers as one batch. */
function concatenated(batches: readonly ActivationBatch[]): ActivationBatch {
  const [first] = batches;
  const size = batches.reduce((sum, batch) => sum + batch.size, 0);
  const join = <T extends Float32Array | Int32Array>(arrayOf: (batch: ActivationBatch) => T): T => {
    const parts = batches.map(arrayOf);
    const joined = blank(
      parts[0]!,
      parts.reduce((sum, part) => sum + part.length, 0),
    );
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
  return {
    size,
    labels: join(({ labels }) => labels),
    indices: join(({ indices }) => indices),
    layers: new Map([...first!.layers.keys()].map((name) => [name, join(({ layers }) => layers.get(name)!)])),
    ...given({ inputs: first!.inputs && join(inputsOf) }),
  };
}

function blank<T extends Float32Array | Int32Array>(like: T, length: number): T {
  return (like instanceof Float32Array ? new Float32Array(length) : new Int32Array(length)) as T;
}

/**
 * A batch of `size` samples whose arrays are made from those of another; `width` is the length of one sample's part.
 */
function eachArray(
  { size: before, inputs, labels, indices, layers }: ActivationBatch,
  size: number,
  change: <T extends Float32Array | Int32Array>(data: T, width: number) => T,
): ActivationBatch {
  const changed = <T extends Float32Array | Int32Array>(data: T): T => change(data, data.length / before);
  return {
    size,
    labels: changed(labels),
    indices: changed(indices),
    layers: new Map([...layers].map(([name, data]) => [name, changed(data)])),
    ...given({ inputs: inputs && changed(inputs) }),
  };
}
