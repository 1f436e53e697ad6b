import { CupbearerError } from '../../../shared/errors.ts';
import type { RandomStream } from '../../tensor/random.ts';
import type { FeatureLayer, FeatureStream } from '../detector.ts';
import { predictedClasses } from './predictions.ts';
import { numbered } from '../../../shared/format.ts';

/** Samples of a stream that are held in memory, in the order of the stream. */
interface GatheredRows {
  count: number;
  /** Place of each in the stream, ascending, `[count]`. */
  positions: Int32Array;
  /** Per layer `[count, dims]`. */
  layers: ReadonlyMap<string, Float32Array>;
  /** Class that the network predicts, `[count]`; -1 if the stream carries no logits. */
  predicted: Int32Array;
  /** Number of classes, 0 if the stream carries no logits. */
  classes: number;
}

/**
 * Takes a whole stream into memory, or `limit` of its samples drawn without replacement.
 * @throws CupbearerError `bad-data` if the stream has fewer than `atLeast` samples.
 */
export async function gatherRows(
  stream: FeatureStream,
  layers: readonly FeatureLayer[],
  { limit = stream.length, random, atLeast = 1 }: { limit?: number; random: RandomStream; atLeast?: number },
): Promise<GatheredRows> {
  checkCount(stream, atLeast);
  const count = Math.min(limit, stream.length);
  const chosen = new Uint8Array(stream.length);
  for (const position of random.permutation(stream.length).subarray(0, count)) chosen[position] = 1;
  const rows = new Map(layers.map(({ name, dims }) => [name, new Float32Array(count * dims)]));
  const positions = new Int32Array(count);
  const predicted = new Int32Array(count).fill(-1);
  let classes = 0;
  let position = 0;
  let taken = 0;
  for await (const batch of stream.batches()) {
    const classOf = batch.logits && predictedClasses(batch);
    classes = batch.logits ? batch.logits.length / batch.size : 0;
    for (let i = 0; i < batch.size; i++) {
      if (chosen[position++] !== 1) continue;
      positions[taken] = position - 1;
      for (const { name, dims } of layers) {
        rows.get(name)!.set(batch.layers.get(name)!.subarray(i * dims, (i + 1) * dims), taken * dims);
      }
      if (classOf) predicted[taken] = classOf[i]!;
      taken++;
    }
  }
  return { count, positions, layers: rows, predicted, classes };
}

/** @throws CupbearerError `bad-data` if the stream has fewer than `atLeast` samples. */
export function checkCount(stream: FeatureStream, atLeast: number): void {
  if (stream.length >= atLeast) return;
  throw new CupbearerError(
    'bad-data',
    `The detector needs at least ${numbered(atLeast, 'sample')} to learn from, found ${stream.length}.`,
  );
}

/** The rows of `x` `[n, d]` at `positions`, `[positions.length, d]`. */
export function takeRows<T extends Float32Array | Float64Array | Uint8Array>(
  x: T,
  d: number,
  positions: ArrayLike<number>,
): T {
  const taken = new (x.constructor as new (length: number) => T)(positions.length * d);
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i]! * d;
    taken.set(x.subarray(from, from + d), i * d);
  }
  return taken;
}

/** For each of `groups` numbers from 0, the positions at which `groupOf` has it, ascending. */
export function positionsByGroup(groupOf: ArrayLike<number>, groups: number): number[][] {
  const positions: number[][] = Array.from({ length: groups }, () => []);
  for (let i = 0; i < groupOf.length; i++) positions[groupOf[i]!]!.push(i);
  return positions;
}
