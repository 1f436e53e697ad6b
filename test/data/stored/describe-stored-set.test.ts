import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeStoredSet, samplesInBoth } from '../../../main/data/stored/describe-stored-set.ts';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import { contentKeys, storedBlocks } from '../../../main/data/stored/stored-blocks.ts';
import { floats, TestFolder } from './stored-files.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const signal = new AbortController().signal;

describe('describeStoredSet', () => {
  it('counts what is not finite, constant or repeated', async () => {
    const a = [1, 2, 3, 1, NaN, Infinity, 1, 2, 3, 1, 2, -Infinity, 1, 5, 3];
    const b = [0, 0, 0, 9, 0];
    folder.tensors('activations.safetensors', {
      a: { shape: [5, 3], data: Float32Array.from(a) },
      b: { shape: [5, 1], data: Float32Array.from(b) },
    });
    folder.write('metadata.jsonl', '{"text":"t"}\n'.repeat(5));
    folder.write('weights.pt', 'x');
    const set = await openStoredSet(folder.path);
    const shares: number[] = [];
    const found = await describeStoredSet(set, signal, (share) => shares.push(share));
    expect(found.layers).toMatchObject([
      {
        name: 'a',
        shape: [3],
        type: 'F32',
        bytes: 60,
        nan: 1,
        infinite: 1,
        firstNotFinite: 1,
        columns: 3,
        constantColumns: 1,
      },
      { name: 'b', nan: 0, infinite: 0, firstNotFinite: undefined, columns: 1, constantColumns: 0 },
    ]);
    expect(found).toMatchObject({ samples: 5, notFinite: 2, repeated: 1, tokens: undefined });
    expect(found.keys[2]).toBe(found.keys[0]);
    expect(found.metadata!.first).toHaveLength(5);
    expect(found.leftOut).toMatchObject([{ name: 'weights.pt' }]);
    expect(shares).toEqual([0.5, 1]);
    set.close();
  });

  it('finds the samples that are in both of two sets', async () => {
    const description = async (data: Float32Array, name = 'x') => {
      const set = await openStoredSet([`${name}=${folder.npy(`${data.join('-')}.npy`, [data.length / 2, 2], data)}`]);
      const found = await describeStoredSet(set, signal, () => undefined);
      set.close();
      return found;
    };
    const one = await description(floats(8));
    expect(samplesInBoth(one, await description(floats(8, 4)))).toBe(2);
    expect(samplesInBoth(one, await description(floats(8, 5)))).toBe(0);
    expect(samplesInBoth(one, await description(floats(8, 4), 'y'))).toBeUndefined();
  });

  it('describes ragged sequences', async () => {
    const path = folder.tensors('a.safetensors', {
      states: { shape: [6, 2], data: Float32Array.from([7, 1, 7, 2, 7, 1, 7, 2, 7, NaN, 7, 3]) },
      lengths: { shape: [3], data: Int32Array.from([2, 2, 2]) },
    });
    const set = await openStoredSet(path);
    expect(await describeStoredSet(set, signal, () => undefined)).toMatchObject({
      layers: [{ columns: 2, constantColumns: 1, nan: 1, firstNotFinite: 2 }],
      tokens: { least: 2, most: 2, total: 6 },
      repeated: 1,
    });
    const keys = await contentKeys(set, 'states', [1, 0, 2]);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
    set.close();
  });

  it('goes over many blocks, and stops when it is cancelled', async () => {
    const set = await openStoredSet([`x=${folder.npy('big.npy', [3000, 1000], floats(3_000_000))}`]);
    const seen: number[] = [];
    for await (const { indices, values } of storedBlocks(set, 'x')) {
      expect(values[0]).toBe(indices[0]! * 1000);
      seen.push(...indices);
    }
    expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    const abort = new AbortController();
    const describing = describeStoredSet(set, abort.signal, () => abort.abort());
    await expect(describing).rejects.toMatchObject({ code: 'cancelled' });
    set.close();
  });
});
