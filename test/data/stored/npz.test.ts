import { utimesSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import { encodeNpy } from '../../../main/storage/npy.ts';
import { floats, TestFolder } from './stored-files.ts';

interface Member {
  name: string;
  bytes: Uint8Array;
  /** What the archive says instead of the truth. */
  size?: number;
  checksum?: number;
  stored?: boolean;
}

/** A zip file as the format has it (APPNOTE 6.3): local headers with data, the directory, its end. */
function archive(members: readonly Member[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, size = bytes.length, checksum = crc32(bytes), stored = false } of members) {
    const data = stored ? Buffer.from(bytes) : deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(checksum, 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 0, 'latin1');
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    locals.push(local);
    directory.push(entry, Buffer.from(name));
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, list, end]);
}

const npy = (count: number) => encodeNpy({ shape: [count, 2], data: floats(2 * count) });

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

describe('an archive', () => {
  it.each([true, false])('is read (stored: %s), but not what is no array', async (stored) => {
    const bytes = archive([
      { name: 'a.npy', bytes: npy(3), stored },
      { name: 'notes.txt', bytes: Buffer.from('x'), stored },
    ]);
    const set = await openStoredSet(folder.write('a.npz', bytes));
    expect(set.layers.map(({ name }) => name)).toEqual(['a']);
    expect([...(await set.read('a', [2, 0]))]).toEqual([4, 5, 0, 1]);
    set.close();
  });

  it.each<[string, Member[], RegExp]>([
    ['a way out', [{ name: '../a.npy', bytes: npy(1) }], /invalid relative path: \.\.\/a\.npy/],
    ['an absolute path', [{ name: '/a.npy', bytes: npy(1) }], /absolute path: \/a\.npy/],
    [
      'a bomb',
      [{ name: 'a.npy', bytes: npy(1), size: 2 ** 31 }],
      /expected at most 67108864 bytes unpacked from an archive of \d+, found 2147483648 announced/,
    ],
    ['more than it announces', [{ name: 'a.npy', bytes: npy(50), size: 150 }], /expected .* found/],
    ['less than it announces', [{ name: 'a.npy', bytes: npy(50), size: 1000 }], /expected .* found/],
    ...[true, false].map((stored): [string, Member[], RegExp] => [
      `another checksum (stored: ${stored})`,
      [{ name: 'a.npy', bytes: npy(5), checksum: 1, stored }],
      /a\.npz": .*"a\.npy" does not have the checksum .*: expected 00000001, found [0-9a-f]{8}/,
    ]),
    [
      'a name twice',
      [
        { name: 'a.npy', bytes: npy(1) },
        { name: 'a.npy', bytes: npy(1) },
      ],
      /found a fault \("a" twice\)/,
    ],
    [
      'a stored array beyond its end',
      [{ name: 'a.npy', bytes: npy(1), stored: true, size: 4000 }],
      /expected .* found/,
    ],
    [
      'another header',
      [{ name: 'a.npy', bytes: Buffer.from('no array at all') }],
      /a\.npz", "a\.npy": expected a NumPy file/,
    ],
  ])('is refused with %s', async (_, members, message) => {
    const path = folder.write('a.npz', archive(members));
    await expect(openStoredSet(path)).rejects.toThrow(message);
    await expect(openStoredSet(path)).rejects.toMatchObject({ code: 'bad-data' });
  });

  it('is refused with a changed byte in a large stored array, also if it was whole before', async () => {
    const bytes = archive([{ name: 'a.npy', bytes: npy(50_000), stored: true }]);
    const path = folder.write('a.npz', bytes);
    (await openStoredSet(path)).close();
    (await openStoredSet(path)).close();
    bytes[300_000]! ^= 1;
    folder.write('a.npz', bytes);
    utimesSync(path, 1, 1);
    await expect(openStoredSet(path)).rejects.toThrow('"a.npy" does not have the checksum that the archive says');
  });

  it('is refused by the number of its entries before they are read', async () => {
    const bytes = archive([{ name: 'a.npy', bytes: npy(1) }]);
    // In the record at its end; there are no such entries to read.
    bytes.writeUInt16LE(20_000, bytes.length - 14);
    bytes.writeUInt16LE(20_000, bytes.length - 12);
    await expect(openStoredSet(folder.write('a.npz', bytes))).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('expected at most 10000 entries in an archive, found 20000.') as string,
    });
  });

  it('is refused if it unpacks to far more than it is', async () => {
    const zeros = encodeNpy({ shape: [2 ** 12, 2 ** 13], data: new Float32Array(2 ** 25) });
    const path = folder.write('a.npz', archive([{ name: 'a.npy', bytes: zeros }]));
    await expect(openStoredSet(path)).rejects.toMatchObject({
      message: expect.stringContaining('expected at most 67108864 bytes unpacked') as string,
      hint: 'Save it unpacked with numpy.savez, if you trust it.',
    });
  });
});
