import type { Network } from '../../models/network.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { FeatureStream } from '../detector.ts';
import { inputsOf, logitsOf } from './predictions.ts';
import { checkCount } from './rows.ts';

/** Samples whose inputs are held in memory, with what the network makes of them. */
export interface Samples {
  size: number;
  /** `[size, ...inputShape]` */
  inputs: Float32Array;
  /** The data's own labels, `[size]`. */
  labels: Int32Array;
  /** `[size, classes]` */
  logits: Float32Array;
}

/**
 * `limit` samples of a stream drawn without replacement, all of them if there are fewer, in the order of the stream.
 * @throws CupbearerError `bad-data` for an empty stream.
 */
export async function drawSamples(
  stream: FeatureStream,
  network: Network,
  { limit, random }: { limit: number; random: RandomStream },
): Promise<Samples> {
  checkCount(stream, 1);
  const { inputShape, classes } = network.spec;
  const width = inputShape.reduce((product, length) => product * length, 1);
  const c = classes.length;
  const size = Math.min(limit, stream.length);
  const chosen = new Uint8Array(stream.length);
  for (const position of random.permutation(stream.length).subarray(0, size)) chosen[position] = 1;
  const samples: Samples = {
    size,
    inputs: new Float32Array(size * width),
    labels: new Int32Array(size),
    logits: new Float32Array(size * c),
  };
  let position = 0;
  let taken = 0;
  for await (const batch of stream.batches()) {
    const [inputs, logits] = [inputsOf(batch), logitsOf(batch)];
    for (let i = 0; i < batch.size; i++) {
      if (chosen[position++] !== 1) continue;
      samples.inputs.set(inputs.subarray(i * width, (i + 1) * width), taken * width);
      samples.labels[taken] = batch.labels[i]!;
      samples.logits.set(logits.subarray(i * c, (i + 1) * c), taken * c);
      taken++;
    }
  }
  return samples;
}

/** The samples from `from` up to `to`, without a copy. */
export function sliceSamples({ size, inputs, labels, logits }: Samples, from: number, to: number): Samples {
  const part = <T extends Float32Array | Int32Array>(values: T) =>
    values.subarray((values.length / size) * from, (values.length / size) * to) as T;
  return { size: to - from, inputs: part(inputs), labels: part(labels), logits: part(logits) };
}
