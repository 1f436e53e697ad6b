import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createExchangeFolder, Exchange, exchangeParents } from '../../main/plugins/exchange.ts';
import type { ArrayPlace } from '../../main/plugins/messages.ts';
import { parseTemporaryName } from '../../main/storage/temporary-names.ts';
import { processTag } from '../../main/storage/process-identity.ts';
import { CupbearerError } from '../../shared/errors.ts';

let folder: string;
let exchange: Exchange;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exchange-'));
  exchange = new Exchange(folder);
});
afterEach(() => {
  exchange.close();
  rmSync(folder, { recursive: true });
});

test('arrays of every type come back bit for bit', () => {
  const arrays = {
    a: { shape: [2, 3], data: Float32Array.of(1, -0, NaN, Infinity, 1e-45, 3) },
    b: { shape: [2], data: Float64Array.of(Math.PI, -0) },
    c: { shape: [1, 1, 3], data: Int32Array.of(-1, 2 ** 31 - 1, 0) },
    d: { shape: [3], data: Uint8Array.of(0, 255, 7) },
    e: { shape: [0, 256], data: new Float32Array(0) },
  };
  const places = exchange.write('file', arrays);
  for (const [name, array] of Object.entries(arrays)) {
    const read = exchange.read(places[name as keyof typeof arrays]);
    expect(read.shape).toEqual(array.shape);
    expect(Buffer.from(read.data.buffer).equals(Buffer.from(array.data.buffer))).toBe(true);
  }
});

test('a file is written again in place, and grows', () => {
  const first = exchange.write('file', { x: { shape: [2], data: Float32Array.of(1, 2) } });
  const second = exchange.write('file', { x: { shape: [1000], data: new Float32Array(1000).fill(7) } });
  expect(exchange.read(first.x).data).toEqual(Float32Array.of(7, 7));
  expect(exchange.read(second.x).data[999]).toBe(7);
});

test('an array that does not lie in its file is refused before anything is read', () => {
  const { x } = exchange.write('file', { x: { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
  const wrong: Partial<ArrayPlace>[] = [
    { shape: [1_000_000] },
    { at: 64 },
    { at: Number.MAX_SAFE_INTEGER },
    { type: 'float64', shape: [40] },
    { shape: Array.from({ length: 8 }, () => Number.MAX_SAFE_INTEGER) },
    { file: 'other' },
  ];
  for (const change of wrong) expect(() => exchange.read({ ...x, ...change })).toThrow(CupbearerError);
  truncateSync(join(folder, 'file'), 8);
  expect(() => exchange.read(x)).toThrow('found a file of 8 bytes');
});

test('links, folders and files with holes larger than memory are refused', () => {
  writeFileSync(join(folder, 'secret'), Buffer.alloc(16));
  symlinkSync(join(folder, 'secret'), join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'hole'), '');
  truncateSync(join(folder, 'hole'), 2 ** 42);
  const place = (file: string, length: number): ArrayPlace => ({ file, at: 0, type: 'uint8', shape: [length] });
  expect(() => exchange.read(place('link', 16))).toThrow('found no file');
  expect(() => exchange.read(place('folder', 16))).toThrow('found no file');
  expect(() => exchange.read(place('hole', 2 ** 42))).toThrow('less memory');
});

test('no place, however wrong, is anything but an array or an error that says so', () => {
  exchange.write('file', { x: { shape: [100], data: new Float64Array(100) } });
  const place: fc.Arbitrary<ArrayPlace> = fc.record({
    file: fc.constantFrom('file', 'none'),
    at: fc.oneof(fc.nat(1000), fc.maxSafeNat()),
    type: fc.constantFrom('float32', 'float64', 'int32', 'uint8'),
    shape: fc.array(fc.oneof(fc.nat(20), fc.maxSafeNat()), { maxLength: 8 }),
  });
  fc.assert(
    fc.property(place, (wild) => {
      try {
        const { data, shape } = exchange.read(wild);
        expect(data.length).toBe(shape.reduce((product, length) => product * length, 1));
        expect(data.byteLength).toBeLessThanOrEqual(800);
      } catch (error) {
        expect(error).toBeInstanceOf(CupbearerError);
      }
    }),
    { numRuns: 500 },
  );
});

test('an exchange folder has a temporary name in a place that is tidied up', () => {
  const made = createExchangeFolder();
  try {
    const parent = exchangeParents().find((candidate) => made.startsWith(candidate));
    expect(parent).toBeDefined();
    const name = readdirSync(parent!).find((entry) => made.endsWith(entry))!;
    expect(parseTemporaryName(name)?.owner).toBe(processTag());
  } finally {
    rmSync(made, { recursive: true });
  }
});
