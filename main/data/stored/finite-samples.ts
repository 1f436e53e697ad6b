import { samplesOf, storedBlocks } from './stored-blocks.ts';
import type { StoredSet } from './stored-set.ts';

/** Resolves with the samples whose activations are finite at all of the layers, ascending. @throws CupbearerError as `storedBlocks`. */
export async function finiteSamples(
  set: StoredSet,
  layers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const isFinite = new Uint8Array(set.length).fill(1);
  for (const layer of layers) {
    let sample = 0;
    for await (const block of storedBlocks(set, layer, undefined, signal)) {
      for (const [from, to] of samplesOf(set, layer, block)) {
        for (let i = from; i < to; i++) if (!Number.isFinite(block.values[i])) isFinite[sample] = 0;
        sample++;
      }
    }
  }
  return Int32Array.from(isFinite.keys()).filter((sample) => isFinite[sample] === 1);
}
