import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replaceFolder } from '../../main/storage/atomic-write.ts';
import { ByteFile } from '../../main/storage/byte-file.ts';
import { encodeSafetensors, safetensorsParts } from '../../main/storage/safetensors.ts';
import { openFloats, readTensorFile, writeTensorFile } from '../../main/storage/tensor-file.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import { canMount, smallDisk, withoutMount } from './hostile-disks.ts';

describe('bytes in a file', () => {
  it('are the rows that were added, in any order, and in another thread’s hands as well', () => {
    const folder = temporaryFolder();
    const rows = fc.array(fc.uint8Array({ minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.array(fc.nat(), { maxLength: 30 }), (added, wishes) => {
        const file = ByteFile.create(folder);
        for (const row of added) file.append(row);
        const indices = wishes.map((wish) => wish % added.length);
        const expected = indices.flatMap((index) => [...added[index]!]);
        for (const reader of [file, ByteFile.shared(structuredClone(file.place))]) {
          expect([...reader.rows(indices, 3)]).toEqual(expected);
          expect([...reader.blocks()].flatMap((block) => [...block])).toEqual(added.flatMap((row) => [...row]));
        }
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('begin where they are said to', () => {
    const path = join(temporaryFolder(), 'ten');
    writeFileSync(
      path,
      Uint8Array.from({ length: 10 }, (_, i) => i),
    );
    const part = ByteFile.part(path, 3, 6);
    expect(part.length).toBe(6);
    expect([...part.rows([2, 0, 1], 2)]).toEqual([7, 8, 3, 4, 5, 6]);
    expect([...part.blocks()].flatMap((block) => [...block])).toEqual([3, 4, 5, 6, 7, 8]);
    expect(() => part.rows([4], 2)).toThrow('ends too early');
    errorOf('not-found', () => ByteFile.part(join(path, '..', 'none'), 0, 1));
  });
});

describe.skipIf(!canMount)(`bytes on a full disk${withoutMount}`, () => {
  it('are refused with the folder they do not fit in', () => {
    const { folder } = smallDisk('256k');
    const file = ByteFile.create(folder);
    expect(errorOf('storage', () => file.append(new Uint8Array(1_000_000))).message).toBe(
      `Could not write to "${folder}": the disk is full.`,
    );
    expect(file.length).toBe(0);
  });
});

describe('float32 numbers in a file', () => {
  // More than are read at once.
  const numbers = Float32Array.from({ length: 300_000 }, (_, i) => i / 7);
  const others = { index: { shape: [2], data: Int32Array.of(5, 6) }, a: { shape: [1], data: Float32Array.of(0.5) } };

  it('are stored as those in memory are', () => {
    const file = ByteFile.create(temporaryFolder());
    file.append(new Uint8Array(numbers.buffer));
    const folder = temporaryFolder();
    const about = { key: 'k' };
    replaceFolder(join(folder, 'x'), {
      streamed: safetensorsParts({ inputs: { shape: [3, 100_000], data: file }, ...others }, about),
      whole: encodeSafetensors({ inputs: { shape: [3, 100_000], data: numbers }, ...others }, about),
    });
    const [streamed, whole] = ['streamed', 'whole'].map((name) => readFileSync(join(folder, 'x', name)));
    expect(streamed!.equals(whole!)).toBe(true);
  });

  it('are read from where they are stored', () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    writeTensorFile(path, { inputs: { shape: [3, 100_000], data: numbers }, ...others }, { key: 'k' });
    const { shape, values, metadata } = openFloats(path, 'inputs');
    expect([shape, metadata]).toEqual([[3, 100_000], { key: 'k' }]);
    expect(new Float32Array(values.rows([2], 400_000).buffer)).toEqual(numbers.subarray(200_000));
    expect(readTensorFile(path).tensors['inputs']!.data).toEqual(numbers);
  });

  it('are refused where they are not there, of another type, or cut off', () => {
    const path = join(temporaryFolder(), 'x.safetensors');
    writeTensorFile(path, { inputs: { shape: [300_000], data: numbers }, index: others.index });
    expect(errorOf('bad-data', () => openFloats(path, 'outputs')).message).toContain(
      '"outputs" of type F32, found none',
    );
    expect(errorOf('bad-data', () => openFloats(path, 'index')).message).toContain('found I32');
    truncateSync(path, 1_000_000);
    expect(errorOf('bad-data', () => openFloats(path, 'inputs')).message).toMatch(
      /at least 12\d+ bytes, found 1000000/,
    );
    errorOf('not-found', () => openFloats(`${path}.none`, 'inputs'));
  });
});
