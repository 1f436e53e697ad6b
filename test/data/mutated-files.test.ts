import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { parseCifar } from '../../main/data/readers/cifar.ts';
import { parseIdx, parseIdxLabels } from '../../main/data/readers/idx.ts';
import { cifarBytes, idxBytes } from './idx-bytes.ts';
import { upTo } from './toy-dataset.ts';

/** What happens to a file on its way. */
type Mutation =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'truncate'; at: number }
  | { kind: 'extend'; bytes: Uint8Array }
  | { kind: 'header'; bytes: Uint8Array };

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constant('truncate' as const), at: place }),
  fc.record({ kind: fc.constant('extend' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant('header' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
);

function mutate(original: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes = original.slice();
  for (const change of changes) {
    if (change.kind === 'flip' && bytes.length > 0) {
      const at = Math.floor(change.at * bytes.length);
      bytes[at] = bytes[at]! ^ (1 << change.bit);
    } else if (change.kind === 'truncate') {
      bytes = bytes.slice(0, Math.floor(change.at * bytes.length));
    } else if (change.kind === 'extend') {
      bytes = Buffer.concat([bytes, change.bytes]);
    } else if (change.kind === 'header') {
      bytes.set(change.bytes.subarray(0, bytes.length));
    }
  }
  return bytes;
}

const images = idxBytes(
  [5, 6, 7],
  upTo(210).map((k) => k % 256),
);
const labels = idxBytes(
  [50],
  upTo(50).map((k) => k % 10),
);
const batch = cifarBytes(upTo(4).map((label) => ({ label, colour: [label, 100, 200] })));

const parsers: Record<string, { original: Uint8Array; parse: (bytes: Uint8Array) => Promise<unknown> }> = {
  'IDX images': { original: images, parse: (bytes) => parseIdx(bytes, 'file', 3) },
  'IDX labels': { original: labels, parse: (bytes) => parseIdxLabels(bytes, 'file', 10) },
  'CIFAR batches': { original: batch, parse: (bytes) => parseCifar(bytes, 'file') },
};

describe.each(Object.entries(parsers))('mutated %s', (_, { original, parse }) => {
  it.each([
    ['as they are', original],
    ['packed', new Uint8Array(gzipSync(original))],
  ])('%s are parsed or refused as bad data', async (_name, stored) => {
    await parse(stored);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutations, { minLength: 1, maxLength: 3 }), async (changes) => {
        try {
          await parse(mutate(stored, changes));
        } catch (error) {
          expect(error).toBeInstanceOf(CupbearerError);
          expect((error as CupbearerError).code).toBe('bad-data');
          expect((error as CupbearerError).message).toMatch(/^file: expected .*, found /);
          refused++;
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('made of random bytes are refused as bad data or parsed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await parse(bytes).catch((error: unknown) => expect((error as CupbearerError).code).toBe('bad-data'));
      }),
      { numRuns: 200 },
    );
  });

  it('costs no more memory than the file warrants', async () => {
    // 20 kB that unpack to 20 MB and say so: within what gzip can do, but refused at the format's own check.
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const before = process.memoryUsage();
    await expect(parse(bomb)).rejects.toMatchObject({ code: 'bad-data' });
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(100_000_000);
  });
});
