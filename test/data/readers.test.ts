import { randomFillSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseCifar } from '../../main/data/readers/cifar.ts';
import { gunzipped } from '../../main/data/readers/gunzip.ts';
import { parseIdx, parseIdxLabels } from '../../main/data/readers/idx.ts';
import { cifarBytes, idxBytes } from './idx-bytes.ts';

const twoImages = idxBytes([2, 2, 3], [0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250]);

async function fault(work: Promise<unknown>): Promise<{ code: string; message: string; hint?: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error as { code: string; message: string };
}

describe('parseIdx', () => {
  it('reads shape and values, packed or not, whatever the name says', async () => {
    for (const stored of [twoImages, gzipSync(twoImages)]) {
      const { shape, data } = await parseIdx(stored, 'x', 3);
      expect(shape).toEqual([2, 2, 3]);
      expect([...data]).toEqual([0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250]);
    }
  });

  it('names file, expected and found where the magic number is another', async () => {
    const { code, message } = await fault(parseIdx(idxBytes([3], [1, 2, 3]), 'some-images', 3));
    expect(code).toBe('bad-data');
    expect(message).toBe(
      'some-images: expected the magic number 0x00000803 (uint8, 3 dimensions), found 0x00000801 (uint8, 1 dimension).',
    );
  });

  it('refuses a header that promises more than the file holds, without allocating it', async () => {
    const promising = idxBytes([0xffffffff, 0xffffffff, 0xffffffff], [1, 2]);
    const { code, message } = await fault(parseIdx(promising, 'f', 3));
    expect(code).toBe('bad-data');
    expect(message).toContain('its header says 4294967295 x 4294967295 x 4294967295');
    expect(message).toContain('found 2');
  });

  it('refuses trailing bytes', async () => {
    const longer = idxBytes([2], [1, 2, 3]);
    const { code, message } = await fault(parseIdx(longer, 'f', 1));
    expect(code).toBe('bad-data');
    expect(message).toContain('found 3 (1 byte too many)');
  });

  it('refuses a header cut short and an empty file', async () => {
    expect((await fault(parseIdx(twoImages.subarray(0, 9), 'f', 3))).message).toContain('IDX header of 16 bytes');
    expect((await fault(parseIdx(new Uint8Array(0), 'f', 3))).code).toBe('bad-data');
  });

  it('refuses labels outside the classes and names the sample', async () => {
    expect([...(await parseIdxLabels(idxBytes([3], [0, 9, 5]), 'f', 10))]).toEqual([0, 9, 5]);
    const { message } = await fault(parseIdxLabels(idxBytes([3], [0, 9, 10]), 'some-labels', 10));
    expect(message).toBe('some-labels: expected labels of 0 to 9, found 10 at sample 2.');
  });
});

describe('gunzipped', () => {
  const packed = gzipSync(Buffer.alloc(5000, 'cupbearer'));

  it('refuses a file cut anywhere', async () => {
    for (let length = 2; length < packed.length; length++) {
      expect((await fault(gunzipped(packed.subarray(0, length), 'f'))).code).toBe('bad-data');
    }
  });

  it('refuses bytes after the end', async () => {
    for (const extra of [[0], [0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
      const { code } = await fault(gunzipped(Buffer.concat([packed, Buffer.from(extra)]), 'f'));
      expect(code).toBe('bad-data');
    }
  });

  it('stops where a file unpacks to more than its end promises', async () => {
    const bomb = Buffer.from(gzipSync(Buffer.alloc(50_000_000)));
    bomb.writeUInt32LE(1000, bomb.length - 4);
    const { code, message } = await fault(gunzipped(bomb, 'bomb.gz'));
    expect(code).toBe('bad-data');
    expect(message).toBe('bomb.gz: expected a whole gzip file, found more than the 1000 bytes that its end promises.');
  });

  it('unpacks no more than is in proportion to the file', async () => {
    const small = Buffer.from(gzipSync(Buffer.alloc(70_000_000)));
    const { code, message, hint } = await fault(gunzipped(small, 'small.gz'));
    expect(code).toBe('bad-data');
    expect(message).toBe(
      `small.gz: expected at most 67108864 bytes unpacked from a gzip file of ${small.length}, found 70000000 promised.`,
    );
    expect(hint).toContain('Unpack it first');
  });

  it('unpacks as many zeros as MNIST has pixels, and a larger file that is packed as pictures are', async () => {
    expect(await gunzipped(gzipSync(Buffer.alloc(47_040_016)), 'mnist.gz')).toHaveLength(47_040_016);
    const pictures = Buffer.alloc(70_000_000);
    randomFillSync(pictures, 0, 2_000_000);
    const unpacked = await gunzipped(gzipSync(pictures), 'pictures.gz');
    expect(pictures.equals(unpacked)).toBe(true);
  });

  it('refuses a promise that the file cannot hold', async () => {
    const boasting = Buffer.from(packed);
    boasting.writeUInt32LE(0xfffffff0, boasting.length - 4);
    expect((await fault(gunzipped(boasting, 'f'))).message).toContain('which they cannot hold');
  });
});

describe('parseCifar', () => {
  it('turns colour planes into pixels', async () => {
    const bytes = cifarBytes([
      { label: 3, colour: [10, 20, 30] },
      { label: 9, colour: [1, 2, 3] },
    ]);
    bytes[1 + 33] = 77; // red of row 1, column 1 of the first image
    for (const stored of [bytes, gzipSync(bytes)]) {
      const { pixels, labels } = await parseCifar(stored, 'f');
      expect([...labels]).toEqual([3, 9]);
      expect(pixels.length).toBe(2 * 32 * 32 * 3);
      expect([...pixels.subarray(0, 3)]).toEqual([10, 20, 30]);
      expect([...pixels.subarray(33 * 3, 33 * 3 + 3)]).toEqual([77, 20, 30]);
      expect([...pixels.subarray(3072, 3075)]).toEqual([1, 2, 3]);
    }
  });

  it('refuses partial records, nothing at all, and labels above 9', async () => {
    const bytes = cifarBytes([{ label: 10, colour: [0, 0, 0] }]);
    expect((await fault(parseCifar(bytes, 'b'))).message).toContain('found 10 at sample 0');
    expect((await fault(parseCifar(bytes.subarray(0, 3000), 'b'))).message).toContain('(0 records and 3000 bytes)');
    expect((await fault(parseCifar(new Uint8Array(0), 'b'))).code).toBe('bad-data');
  });
});
