import { appendFileSync, copyFileSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import type { StoredSet } from '../../../main/data/stored/stored-set.ts';
import { bitsOf, fixtures, floats, rawSafetensors, request, TestFolder } from './stored-files.ts';

const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')) as {
  types: Record<string, number[]>;
  parquet: number[];
  ragged: number[][];
} & Record<string, number[]>;

let folder: TestFolder;
const opened: StoredSet[] = [];

beforeEach(() => {
  folder = new TestFolder();
});

afterEach(() => {
  for (const set of opened.splice(0)) set.close();
  folder.remove();
});

async function open(given: string | readonly string[], options = {}): Promise<StoredSet> {
  const set = await openStoredSet(given, options);
  opened.push(set);
  return set;
}

const fixture = (name: string) => join(fixtures, name);
const all = (set: StoredSet) => Array.from({ length: set.length }, (_, i) => i);

describe('files of the formats’ own libraries', () => {
  it.each(['types.safetensors', 'types.npz', 'packed.npz'])('%s has the numbers that NumPy reads', async (name) => {
    const set = await open(fixture(name));
    expect(set.length).toBe(4);
    expect(set.layers.map((layer) => layer.name).sort()).toEqual(Object.keys(expected.types).sort());
    for (const layer of set.layers) {
      expect(layer.shape).toEqual([3]);
      expect(bitsOf(await set.read(layer.name, all(set))), layer.name).toEqual(expected.types[layer.name]);
    }
  });

  it('reads halves from npy', async () => {
    const set = await open([`states=${fixture('half.npy')}`]);
    expect(set.layers[0]).toMatchObject({ name: 'states', type: 'F16', shape: [3] });
    expect(bitsOf(await set.read('states', [0, 1, 2, 3]))).toEqual(expected.types['f16']);
  });

  it.each(['F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'F8_E8M0'])('reads every code of %s', async (dtype) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const set = await open(folder.write('a.safetensors', rawSafetensors({ a: { dtype, shape: [16, 16], bytes } })));
    const found = await set.read('a', all(set));
    const wanted = new Float32Array(Uint32Array.from(expected[dtype]!).buffer);
    // Which NaN it is, the types do not say.
    expect([...found]).toEqual([...wanted]);
  });

  it.each(['F16', 'BF16'])('reads special values of %s', async (dtype) => {
    const codes = [0, 1, 0x3ff, 0x400, 0x3c00, 0x7bff, 0x7c00, 0x8000, 0x8001, 0xfbff, 0xfc00, 0x3555];
    const bytes = new Uint8Array(Uint16Array.from(codes).buffer);
    const set = await open(folder.write('a.safetensors', rawSafetensors({ a: { dtype, shape: [3, 4], bytes } })));
    expect(bitsOf(await set.read('a', [0, 1, 2]))).toEqual(expected[dtype]);
  });

  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd'])('reads a Parquet table packed by %s', async (codec) => {
    const set = await open(fixture(`${codec}.parquet`));
    expect(set.layers.map(({ name, shape }) => [name, shape])).toEqual([
      ['layer_0', [4]],
      ['layer_1', [4]],
      ['layer_2', [4]],
    ]);
    expect(bitsOf(await set.read('layer_0', all(set)))).toEqual(expected.parquet);
    expect(bitsOf(await set.read('layer_1', all(set)))).toEqual(expected.parquet);
    expect(bitsOf(await set.read('layer_2', [5, 0]))).toEqual([
      ...expected['parquet halves']!.slice(20),
      ...expected['parquet halves']!.slice(0, 4),
    ]);
    expect(set.metadata?.columns).toEqual(['id', 'label', 'tokens', 'score']);
    expect(set.metadata?.column('label')).toEqual([0, 1, 0, 0, 1, 0]);
    expect({ ...set.metadata!.rows([1])[0] }).toEqual({ id: 'sample 1', label: 1, tokens: ['c'], score: null });
  });

  it('reads ragged lists of lists from Parquet', async () => {
    const set = await open(fixture('ragged.parquet'));
    expect(set.layers[0]).toMatchObject({ name: 'states', shape: [3, 2], isRagged: true });
    expect([...set.lengths!]).toEqual([2, 1, 3, 1, 2, 3]);
    expect(bitsOf(await set.read('states', [2, 3, 0]))).toEqual([2, 3, 0].flatMap((i) => expected.ragged[i]!));
  });
});

describe('shapes', () => {
  it('takes the first dimension for the samples', async () => {
    const set = await open(
      folder.tensors('a.safetensors', {
        'layer.10': { shape: [2, 3, 2], data: floats(12) },
        'layer.9': { shape: [2, 2], data: floats(4) },
      }),
    );
    expect(set.layers.map(({ name, shape }) => [name, shape])).toEqual([
      ['layer.9', [2]],
      ['layer.10', [3, 2]],
    ]);
    expect([...(await set.read('layer.10', [1]))]).toEqual([6, 7, 8, 9, 10, 11]);
    expect([...(await set.read('layer.9', [1, 0, 1]))]).toEqual([2, 3, 0, 1, 2, 3]);
  });

  it.each([
    ['lengths', [2, 1, 3]],
    ['offsets', [0, 2, 3, 6]],
  ])('takes ragged sequences apart by %s', async (name, numbers) => {
    const set = await open(
      folder.tensors('a.safetensors', {
        states: { shape: [6, 2], data: floats(12) },
        pooled: { shape: [3, 1], data: floats(3) },
        [name]: { shape: [numbers.length], data: Int32Array.from(numbers) },
      }),
    );
    expect(set.length).toBe(3);
    expect([...set.lengths!]).toEqual([2, 1, 3]);
    expect(set.layers.map((layer) => [layer.name, layer.shape, layer.isRagged])).toEqual([
      ['pooled', [1], false],
      ['states', [3, 2], true],
    ]);
    expect([...(await set.read('states', [2, 0, 1]))]).toEqual([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]);
  });

  it.each([
    ['right', [0, 1, 2, 3, 6, 7]],
    ['left', [2, 3, 4, 5, 10, 11]],
  ])('leaves out what sequences were filled up with on the %s', async (side, numbers) => {
    folder.tensors('activations.safetensors', {
      states: { shape: [2, 3, 2], data: floats(12) },
      lengths: { shape: [2], data: Int32Array.from([2, 1]) },
    });
    folder.write(
      'activations.json',
      JSON.stringify({
        format: 'cupbearer-activations',
        version: 1,
        model: { name: 'm' },
        samples: 2,
        dtype: 'float32',
        preprocessing: { padding_side: side },
        layers: { states: {} },
      }),
    );
    const set = await open(folder.path);
    expect([...(await set.read('states', [0, 1]))]).toEqual(numbers);
  });

  it('leaves positions alone beside sequences that lie one after another', async () => {
    const path = folder.tensors('a.safetensors', {
      states: { shape: [3, 1], data: floats(3) },
      heads: { shape: [3, 2, 2], data: floats(12) },
      chosen: { shape: [2, 2, 1], data: floats(4) },
      lengths: { shape: [2], data: Int32Array.from([1, 2]) },
    });
    const set = await open(path);
    expect(set.layers.map((layer) => [layer.name, layer.shape, layer.isRagged])).toEqual([
      ['chosen', [2, 1], false],
      ['heads', [2, 4], true],
      ['states', [2, 1], true],
    ]);
    expect([...(await set.read('chosen', [0]))]).toEqual([0, 1]);
    expect([...(await set.read('heads', [1]))]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('reads requests of vLLM, a file each, as layers of ragged sequences', async () => {
    for (const [i, tokens] of [2, 3, 1].entries())
      folder.write(`request-${i * 5}.safetensors`, request(tokens, 2, 3, 1000 * i));
    const set = await open(folder.path);
    expect(set.names).toEqual(['request-0', 'request-5', 'request-10']);
    expect([...set.lengths!]).toEqual([2, 3, 1]);
    expect(set.layers).toMatchObject([
      { name: 'hidden_states.0', shape: [3, 3], isRagged: true, bytes: 72 },
      { name: 'hidden_states.1', shape: [3, 3], isRagged: true, bytes: 72 },
    ]);
    expect([...(await set.read('hidden_states.1', [2, 0]))]).toEqual([2010, 2011, 2012, 10, 11, 12, 110, 111, 112]);
  });

  it('reads a request of which only the last token was kept', async () => {
    const set = await open(folder.write('a.safetensors', request(1, 2, 3, 0, 6)));
    expect([...(await set.read('hidden_states.1', [0]))]).toEqual([10, 11, 12]);
  });

  it('reads large states of requests token by token', async () => {
    folder.write('a.safetensors', request(3, 2, 2000));
    const set = await open(folder.path);
    const values = await set.read('hidden_states.1', [0]);
    expect([values[0], values[1999], values[2000], values[5999]]).toEqual([10, 2009, 110, 2209]);
  });
});

describe('sets of several files', () => {
  const rows = (from: number, to: number) => floats(2 * (to - from), 2 * from);
  const writeShards = (index: object) => {
    folder.tensors('activations-00001-of-00002.safetensors', { a: { shape: [3, 2], data: rows(0, 3) } });
    folder.tensors('activations-00002-of-00002.safetensors', { a: { shape: [2, 2], data: rows(3, 5) } });
    folder.write('model.safetensors.index.json', JSON.stringify(index));
  };
  const weight_map = { a: 'activations-00001-of-00002.safetensors' };

  it('joins layers that are cut by samples, as the index says', async () => {
    writeShards({
      weight_map,
      cupbearer: {
        rows: { 'activations-00002-of-00002.safetensors': [3, 5], 'activations-00001-of-00002.safetensors': [0, 3] },
      },
    });
    const set = await open(folder.path);
    expect(set.length).toBe(5);
    expect(set.layers[0]!.files).toHaveLength(2);
    expect([...(await set.read('a', [4, 2, 3]))]).toEqual([8, 9, 4, 5, 6, 7]);
  });

  it('joins ragged sequences, of which each file has its own lengths', async () => {
    const names = ['activations-00001-of-00002.safetensors', 'activations-00002-of-00002.safetensors'] as const;
    folder.tensors(names[0], {
      a: { shape: [3, 1], data: floats(3) },
      pooled: { shape: [2, 1], data: floats(2) },
      lengths: { shape: [2], data: Int32Array.from([1, 2]) },
    });
    folder.tensors(names[1], {
      a: { shape: [4, 1], data: floats(4, 3) },
      pooled: { shape: [2, 1], data: floats(2, 2) },
      lengths: { shape: [2], data: Int32Array.from([3, 1]) },
    });
    folder.write(
      'model.safetensors.index.json',
      JSON.stringify({
        weight_map: { a: names[0], pooled: names[0], lengths: names[0] },
        cupbearer: { rows: { [names[0]]: [0, 2], [names[1]]: [2, 4] } },
      }),
    );
    const set = await open(folder.path);
    expect([...set.lengths!]).toEqual([1, 2, 3, 1]);
    expect([...(await set.read('a', [1, 2]))]).toEqual([1, 2, 3, 4, 5]);
    expect([...(await set.read('pooled', [3]))]).toEqual([3]);
  });

  it('reads layers that lie in different files, as Hugging Face cuts models', async () => {
    folder.tensors('model-00001-of-00002.safetensors', { a: { shape: [2, 2], data: floats(4) } });
    folder.tensors('model-00002-of-00002.safetensors', { b: { shape: [2, 1], data: floats(2) } });
    folder.write(
      'model.safetensors.index.json',
      JSON.stringify({
        metadata: { total_size: 24 },
        weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
      }),
    );
    expect((await open(folder.path)).layers.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'a gap',
      { weight_map, cupbearer: { rows: { 'activations-00001-of-00002.safetensors': [1, 3] } } },
      /expected .* to begin with sample 0, found 1 to 3/,
    ],
    [
      'too many',
      { weight_map, cupbearer: { rows: { 'activations-00001-of-00002.safetensors': [0, 4] } } },
      /expected 4 samples, which the index says, found 3/,
    ],
    ['a way out', { weight_map: { a: '../a.safetensors' } }, /weight_map.a: .*expected the name/],
    [
      'another tensor',
      { weight_map: { b: 'activations-00001-of-00002.safetensors' } },
      /expected the tensor "b" in .*, found none/,
    ],
  ])('refuses an index with %s', async (_, index, message) => {
    writeShards(index);
    await expect(open(folder.path)).rejects.toThrow(message);
  });

  it('refuses an export that lacks a file', async () => {
    folder.tensors('activations-00002-of-00002.safetensors', { a: { shape: [2, 2], data: floats(4) } });
    await expect(open(folder.path)).rejects.toThrow('found no "activations-00001-of-00002.safetensors"');
  });

  it('takes layers from files given by name', async () => {
    const one = folder.npy('one.npy', [2, 2], floats(4));
    const both = folder.tensors('both.safetensors', {
      b: { shape: [2, 1], data: floats(2, 5) },
      c: { shape: [2, 1], data: floats(2) },
    });
    const set = await open([`a=${one}`, `b=${both}`]);
    expect(set.layers.map(({ name }) => name)).toEqual(['a', 'b']);
    expect([...(await set.read('b', [1]))]).toEqual([6]);
    await expect(open([`d=${both}`])).rejects.toThrow('expected one array, or one called "d", found "b", "c"');
  });

  it('refuses layers of different numbers of samples, and names both', async () => {
    const a = folder.npy('a.npy', [2, 2], floats(4));
    const b = folder.npy('b.npy', [3, 2], floats(6));
    await expect(open([a, b])).rejects.toThrow(
      `"${b}", tensor "b": expected 2 samples, as "${a}", tensor "a" has, found 3.`,
    );
  });

  it('refuses parts of different types', async () => {
    folder.tensors('a-1-of-2.safetensors', { a: { shape: [1, 2], data: floats(2) } });
    folder.tensors('a-2-of-2.safetensors', { a: { shape: [1, 2], data: new Float64Array(2) } });
    await expect(open(folder.path)).rejects.toThrow(/tensor "a": expected elements of type F32, as in .*, found F64/);
  });

  it('refuses the same name in two files', async () => {
    folder.tensors('one.safetensors', { a: { shape: [1, 2], data: floats(2) } });
    folder.tensors('two.safetensors', { a: { shape: [1, 2], data: floats(2) } });
    await expect(open(folder.path)).rejects.toThrow(/expected a name of its own, found that of/);
  });
});

describe('reading', () => {
  it('gives the same numbers through a thread', async () => {
    const set = await open(folder.npy('a.npy', [4000, 50], floats(200_000)));
    const indices = Array.from({ length: 4000 }, (_, i) => (i * 7) % 4000);
    for (let round = 0; round < 3; round++) {
      const values = await set.read('a', indices);
      expect(values.length).toBe(200_000);
      expect([...values.subarray(50, 52)]).toEqual([350, 351]);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });

  it('has a fingerprint of contents, not of names', async () => {
    const a = folder.npy('a.npy', [2, 2], floats(4));
    const same = join(folder.path, 'same.npy');
    copyFileSync(a, same);
    const other = folder.npy('other.npy', [2, 2], floats(4, 1));
    const [one, two, three] = await Promise.all(
      [a, same, other].map(async (path) => (await open([`x=${path}`])).fingerprint()),
    );
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });

  it('refuses a file that has grown since', async () => {
    const path = folder.npy('a.npy', [2, 2], floats(4));
    const set = await open(path);
    appendFileSync(path, 'x');
    await expect(set.read('a', [0])).rejects.toThrow(
      /a\.npy" has changed while it was read: expected \d+ bytes, found \d+/,
    );
  });

  it('refuses a file that was written again since', async () => {
    const path = folder.npy('a.npy', [2, 2], floats(4));
    const set = await open(path);
    writeFileSync(path, readFileSync(path));
    utimesSync(path, 1, 1);
    await expect(set.read('a', [0])).rejects.toThrow(
      /has changed while it was read: expected it as of .*, found it as of 1970/,
    );
  });
});

describe('what is refused', () => {
  it.each([
    ['objects.npy', 'expected an array of numbers, found one of Python objects, which is a pickle'],
    ['columns.npy', 'expected rows one after another (C order), found columns one after another'],
    ['big-endian.npy', 'expected elements of type'],
  ])('%s', async (name, message) => {
    await expect(open(fixture(name))).rejects.toThrow(message);
  });

  it('big-endian numbers, with what to do instead', async () => {
    await expect(open(fixture('big-endian.npy'))).rejects.toMatchObject({
      hint: expect.stringContaining('array.astype(array.dtype.newbyteorder("<"))') as string,
    });
  });

  it('a link out of the folder', async () => {
    const outside = new TestFolder();
    symlinkSync(outside.npy('a.npy', [2, 2], floats(4)), join(folder.path, 'a.npy'));
    await expect(open(folder.path)).rejects.toThrow('leads out of the folder');
    outside.remove();
  });

  it('pickles, with what to do instead', async () => {
    folder.write('a.pt', 'PK');
    await expect(open(folder.path)).rejects.toMatchObject({
      message: expect.stringContaining('found "a.pt"') as string,
      hint: expect.stringContaining('safetensors.torch.save_file') as string,
    });
  });

  it('what has no samples, or no numbers in one', async () => {
    await expect(open(folder.npy('a.npy', [0, 2], floats(0)))).rejects.toThrow('expected at least one sample');
    await expect(open(folder.npy('b.npy', [2, 0], floats(0)))).rejects.toThrow('at least one number in a sample');
  });

  it.each([[[2]], [[]]])('an array of shape %j as a layer, with the shape', async (shape) => {
    await expect(open([`c=${folder.npy('c.npy', shape, floats(shape[0] ?? 1))}`])).rejects.toThrow(
      `c.npy": expected activations of shape [n, d] or [n, positions, d], found only "c" of shape [${shape.join()}].`,
    );
  });

  it('lengths that do not add up', async () => {
    const path = folder.tensors('a.safetensors', {
      states: { shape: [5, 2], data: floats(10) },
      lengths: { shape: [2], data: Int32Array.from([2, 2]) },
    });
    await expect(open(path)).rejects.toThrow(
      /tensor "states": expected 4 rows, one for each token .* or 2, one for each sample, found 5/,
    );
  });

  it('a request with other layers than the first', async () => {
    folder.write('a.safetensors', request(2, 2, 3));
    folder.write('b.safetensors', request(2, 3, 3));
    await expect(open(folder.path)).rejects.toThrow(
      /b\.safetensors", tensor "hidden_states": expected 2 layers of 3, .*found 3 of 3/,
    );
  });

  it.each([
    [5, 6],
    [5, 4],
    [1, 0],
  ])('a request of %d states with %d tokens', async (states, ids) => {
    const path = folder.write('a.safetensors', request(states, 2, 3, 0, ids));
    await expect(open(path)).rejects.toThrow(
      `"${path}", tensor "token_ids": expected a shape [${states}], a token for each row of hidden_states, found [${ids}].`,
    );
  });

  it('a safetensors header that goes beyond the file', async () => {
    const bytes = rawSafetensors({ a: { dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(16) } });
    await expect(open(folder.write('a.safetensors', bytes.subarray(0, 40)))).rejects.toThrow(
      /expected a safetensors header of \d+ bytes, found only 32 bytes/,
    );
    await expect(open(folder.write('b.safetensors', bytes.subarray(0, -4)))).rejects.toThrow(
      'expected 16 bytes of data, found 12',
    );
  });
});
