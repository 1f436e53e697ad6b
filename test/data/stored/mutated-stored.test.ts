import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../../shared/errors.ts';
import { openMetadata } from '../../../main/data/stored/found-files.ts';
import { openStoredSet } from '../../../main/data/stored/open-stored-set.ts';
import { fixtures, request, TestFolder } from './stored-files.ts';

/** A change to a file on its way. Formats keep what matters at either end. */
type Mutation =
  { kind: 'byte'; at: number; to: number } | { kind: 'cut'; at: number } | { kind: 'copy'; from: number; to: number };

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const atEnds = fc.oneof(
  share,
  share.map((x) => x * 0.05),
  share.map((x) => 1 - (x + 1e-9) * 0.2),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('byte' as const), at: atEnds, to: fc.integer({ min: 0, max: 255 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const), from: share, to: share }) },
);

function mutated(original: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes = original.slice();
  for (const change of changes) {
    const place = (at: number) => Math.floor(at * bytes.length);
    if (bytes.length === 0) break;
    if (change.kind === 'byte') bytes[place(change.at)] = change.to;
    else if (change.kind === 'cut') bytes = bytes.slice(0, place(change.at));
    else bytes.copyWithin(place(change.to), place(change.from), place(change.from) + 64);
  }
  return bytes;
}

const files: Record<string, () => Uint8Array> = {
  'types.safetensors': () => readFileSync(join(fixtures, 'types.safetensors')),
  'half.npy': () => readFileSync(join(fixtures, 'half.npy')),
  'types.npz': () => readFileSync(join(fixtures, 'types.npz')),
  'packed.npz': () => readFileSync(join(fixtures, 'packed.npz')),
  'none.parquet': () => readFileSync(join(fixtures, 'none.parquet')),
  'snappy.parquet': () => readFileSync(join(fixtures, 'snappy.parquet')),
  'gzip.parquet': () => readFileSync(join(fixtures, 'gzip.parquet')),
  'zstd.parquet': () => readFileSync(join(fixtures, 'zstd.parquet')),
  'ragged.parquet': () => readFileSync(join(fixtures, 'ragged.parquet')),
  'request.safetensors': () => request(3, 2, 4),
};

const texts: Record<string, string> = {
  'metadata.csv': 'id,text,label\n1,"one, ""two""\nthree",0\n2,four,1\n',
  'metadata.jsonl': '{"id":1,"text":"one","tokens":["o","ne"]}\n{"id":2,"label":1,"more":{"a":[1]}}\n',
};

let folder: TestFolder;
beforeAll(() => {
  folder = new TestFolder();
});
afterAll(() => folder.remove());

/** Reads a damaged file; it is read, or refused with a sentence that names it. */
async function readOrRefuse(path: string, read: () => Promise<void>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CupbearerError);
    const { code, message } = error as CupbearerError;
    expect(code, message).toBe('bad-data');
    expect(message).toContain(path);
    return false;
  }
}

describe.each(Object.entries(files))('mutated %s', (name, original) => {
  it('is read, or refused as bad data that names the file', async () => {
    let refused = 0;
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
        const path = folder.write(`${number++}${extname(name)}`, mutated(original(), changes));
        const isRead = await readOrRefuse(path, async () => {
          const set = await openStoredSet(path);
          for (const layer of set.layers) {
            expect(layer.shape.every((size) => size > 0)).toBe(true);
            const values = await set.read(layer.name, [0, set.length - 1]);
            if (!layer.isRagged) expect(values.length).toBe(2 * layer.shape.reduce((a, b) => a * b, 1));
          }
          for (const column of set.metadata?.columns ?? []) set.metadata!.column(column);
          set.close();
        });
        if (!isRead) refused++;
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});

describe.each(Object.entries(texts))('mutated %s', (name, original) => {
  it('is read, or refused as bad data that names the file', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
        const path = folder.write(`${number++}-${name}`, mutated(Buffer.from(original), changes));
        await readOrRefuse(path, async () => {
          const table = await openMetadata(path);
          const rows = table.rows(Array.from({ length: table.length }, (_, i) => i));
          expect(rows).toHaveLength(table.length);
          for (const column of table.columns)
            expect(table.column(column)).toEqual(rows.map((row) => row[column] ?? null));
          table.close();
        });
      }),
      { numRuns: 150 },
    );
  });
});
