import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostPartBytes, mostPieces, partSchema, partsOf } from '../../shared/domain/upload.ts';
import { sendFiles } from '../../shared/send-files.ts';

const file = (bytes: number, seed: number) =>
  new File([Uint8Array.from({ length: bytes }, (_, k) => (k * 31 + seed) % 251)], 'x');

/** What arrives of files where each part is taken in its turn. */
async function arrived(files: readonly File[]): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const paths = files.map((_, k) => `folder/${k}`);
  for (const part of partsOf(files, paths)) {
    expect(partSchema.safeParse(part).success).toBe(true);
    expect(part.content.size).toBeLessThanOrEqual(mostPartBytes);
    const bytes = new Uint8Array(await part.content.arrayBuffer());
    let at = 0;
    for (const { path, start, bytes: length } of part.pieces) {
      const before = found.get(path) ?? [];
      expect(before.length).toBe(start);
      found.set(path, [...before, ...bytes.subarray(at, at + length)]);
      at += length;
    }
    expect(at).toBe(bytes.length);
  }
  return found;
}

describe('partsOf', () => {
  it('loses nothing of files of any size, empty ones neither', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300), { maxLength: 30 }), async (sizes) => {
        const files = sizes.map(file);
        const found = await arrived(files);
        expect(found.size).toBe(files.length);
        for (const [k, sent] of files.entries())
          expect(found.get(`folder/${k}`)).toEqual([...new Uint8Array(await sent.arrayBuffer())]);
      }),
      { numRuns: 30 },
    );
  });

  it('cuts a large file, and puts small ones together', () => {
    const sizes = [...partsOf([new File([new Uint8Array(2.5 * mostPartBytes)], 'x')], ['x'])].map(
      ({ content }) => content.size,
    );
    expect(sizes).toEqual([mostPartBytes, mostPartBytes, mostPartBytes / 2]);
    const many = Array.from({ length: mostPieces + 1 }, () => file(10, 0));
    const paths = many.map((_, k) => String(k));
    expect([...partsOf(many, paths)].map(({ pieces }) => pieces.length)).toEqual([mostPieces, 1]);
  });
});

describe('sendFiles', () => {
  it('drops what was sent where a part is refused', async () => {
    const calls: string[] = [];
    const uploads = {
      begin: () => Promise.resolve({ id: 'u' }),
      put: () => Promise.reject(new Error('full')),
      drop: ({ id }: { id: string }) => Promise.resolve(calls.push(id)),
    };
    await expect(sendFiles(uploads, [file(3, 0)], ['a'])).rejects.toThrow('full');
    expect(calls).toEqual(['u']);
  });

  it('stops where its signal is given, and says how much was sent until then', async () => {
    const stop = new AbortController();
    const sent: number[] = [];
    const uploads = {
      begin: () => Promise.resolve({ id: 'u' }),
      put: () => Promise.resolve(),
      drop: () => Promise.resolve(),
    };
    const large = new File([new Uint8Array(3 * mostPartBytes)], 'x');
    const onProgress = (bytes: number) => {
      sent.push(bytes);
      if (sent.length === 2) stop.abort();
    };
    await expect(sendFiles(uploads, [large], ['x'], { signal: stop.signal, onProgress })).rejects.toThrow();
    expect(sent).toEqual([mostPartBytes, 2 * mostPartBytes]);
  });
});
