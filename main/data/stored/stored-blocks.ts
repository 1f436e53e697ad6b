import { contentKey } from '../content-key.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { StoredSet } from './stored-set.ts';

/** Numbers that are read at a time. */
const blockNumbers = 2 ** 20;

/** Samples of a layer. */
interface StoredBlock {
  readonly indices: Float64Array;
  /** One sample after another; of ragged sequences all tokens. Valid until the next block. */
  readonly values: Float32Array;
}

/**
 * Yields the samples of a layer at `indices`, block by block in their order. The next block is read while one is worked on.
 * @throws CupbearerError as `StoredSet.read`; `cancelled`.
 */
export async function* storedBlocks(
  set: StoredSet,
  layer: string,
  indices: ArrayLike<number> = { length: set.length },
  signal?: AbortSignal,
): AsyncGenerator<StoredBlock> {
  const { shape } = set.layers.find(({ name }) => name === layer)!;
  const size = shape.reduce((product, item) => product * item, 1);
  const atOnce = Math.max(1, Math.floor(blockNumbers / size));
  const ask = (start: number) => {
    const count = Math.min(atOnce, indices.length - start);
    const part = Float64Array.from({ length: count }, (_, i) => indices[start + i] ?? start + i);
    const asking = set.read(layer, part);
    // One that was asked ahead may fail before anyone waits for it.
    asking.catch(() => undefined);
    return { part, asking };
  };
  if (indices.length === 0) return;
  let next = ask(0);
  for (let start = 0; start < indices.length; start += atOnce) {
    if (signal?.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
    const { part, asking } = next;
    const values = await asking;
    if (start + atOnce < indices.length) next = ask(start + atOnce);
    yield { indices: part, values };
    // It lies outside of JavaScript's heap, whose collector lets much such garbage wait.
    if (values.buffer instanceof ArrayBuffer) values.buffer.transfer(0);
  }
}

/** Where in a block each sample ends. */
export function* samplesOf(
  set: StoredSet,
  layer: string,
  { indices, values }: StoredBlock,
): Generator<[number, number]> {
  const { shape, isRagged } = set.layers.find(({ name }) => name === layer)!;
  const size = isRagged ? shape[1]! : values.length / indices.length;
  let at = 0;
  for (const index of indices) {
    const from = at;
    at += isRagged ? size * set.lengths![index]! : size;
    yield [from, at];
  }
}

/** Resolves with a number for each sample at `indices`, the same for equal activations in a layer. @throws CupbearerError as {@link storedBlocks}. */
export async function contentKeys(
  set: StoredSet,
  layer: string,
  indices: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const keys = new Float64Array(indices.length);
  let at = 0;
  for await (const block of storedBlocks(set, layer, indices, signal)) {
    const words = wordsOf(block.values);
    for (const [from, to] of samplesOf(set, layer, block)) keys[at++] = contentKey(words, from, to);
  }
  return keys;
}

/** The bits of numbers. */
export function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
