import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { readTar } from '../../main/data/download/tar.ts';
import { tarBytes } from './tar-bytes.ts';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function contents(bytes: Uint8Array, chunk = 100, skip: readonly string[] = []): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const entry of readTar(inChunks(bytes, chunk), 'a.tar')) {
    if (skip.includes(entry.path)) continue;
    const pieces: Uint8Array[] = [];
    for await (const piece of entry.content) pieces.push(piece);
    found.push([entry.path, Buffer.concat(pieces).toString()]);
  }
  return found;
}

const archive = tarBytes([
  { path: 'folder/', content: Buffer.alloc(0), type: '5' },
  { path: 'folder/one', content: Buffer.from('x'.repeat(700)) },
  { path: 'two', content: Buffer.alloc(0) },
  { path: 'three', content: Buffer.from('y'.repeat(512)), prefix: 'deep/down' },
]);

describe('readTar', () => {
  it('gives the files whatever the sizes of the chunks', async () => {
    const expected = [
      ['folder/one', 'x'.repeat(700)],
      ['two', ''],
      ['deep/down/three', 'y'.repeat(512)],
    ];
    for (const chunk of [1, 7, 512, 5000]) expect(await contents(archive, chunk)).toEqual(expected);
    // Without the blocks of zeros at the end.
    expect(await contents(archive.subarray(0, -1024))).toEqual(expected);
  });

  it('passes over what is not read', async () => {
    expect((await contents(archive, 64, ['folder/one'])).map(([path]) => path)).toEqual(['two', 'deep/down/three']);
  });

  it('refuses an archive that ends too early or has a damaged header', async () => {
    await expect(contents(archive.subarray(0, 1300))).rejects.toMatchObject({
      code: 'bad-data',
      message: 'a.tar: expected 424 more bytes, found the end of the archive.',
    });
    const damaged = Buffer.from(archive);
    damaged[512] = 0x21;
    await expect(contents(damaged)).rejects.toThrow('expected a header with checksum');
  });

  it('never fails otherwise, whatever the bytes', async () => {
    const place = fc.nat({ max: archive.length - 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1 }), place, async (edits, cut) => {
        const bytes = Buffer.from(archive);
        for (const [at, value] of edits) bytes[at] = value;
        for (const mutated of [bytes, bytes.subarray(0, cut)]) {
          await contents(mutated).catch((error: unknown) => {
            expect(error).toBeInstanceOf(CupbearerError);
            expect((error as CupbearerError).code).toBe('bad-data');
          });
        }
      }),
      { numRuns: 200 },
    );
  });
});
