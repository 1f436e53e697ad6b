import type { RandomStream } from '../tensor/random.ts';
import { mostSpare } from './split-params.ts';

/** At most `most` of the samples, drawn at random, and some of those that are left over; both ascending. */
export function drawn(
  indices: Int32Array,
  most: number | undefined,
  stream: RandomStream,
): { chosen: Int32Array; left: Int32Array } {
  if (most === undefined || most >= indices.length) return { chosen: indices, left: new Int32Array() };
  const order = stream.permutation(indices.length);
  const at = (places: Int32Array) => places.sort().map((place) => indices[place]!);
  return { chosen: at(order.slice(0, most)), left: at(order.slice(most, most + mostSpare)) };
}
