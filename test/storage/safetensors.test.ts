import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { encodeSafetensors, parseSafetensors } from '../../main/storage/safetensors.ts';
import { errorOf, fixture } from './fixtures.ts';
import { corrupted, tensor } from './arbitraries.ts';

/** What fixtures/make_fixtures.py wrote with the format's own library. */
const mixed: TensorMap = {
  'layers.linear_0.weight': { shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5], (i) => i / 3) },
  double: { shape: [2, 1], data: Float64Array.from([0.1, 0.2]) },
  labels: { shape: [3], data: Int32Array.from([3, -1, 4]) },
  bytes: { shape: [3], data: Uint8Array.from([1, 2, 255]) },
  none: { shape: [0, 2], data: new Float32Array(0) },
  scalar: { shape: [], data: Float32Array.from([7.5]) },
};

/** A file with this header (an object, or text as it stands) and this much data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const four = (begin: number, end: number, shape = [1]) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

describe('safetensors files written by the format’s own library', () => {
  it('are read', () => {
    expect(parseSafetensors(fixture('mixed.safetensors'), 'm')).toEqual({ tensors: mixed, metadata: {} });
    expect(parseSafetensors(fixture('metadata.safetensors'), 'm').metadata).toEqual({ format: 'pt' });
  });

  it('are written with the same bytes', () => {
    expect(encodeSafetensors(mixed)).toEqual(fixture('mixed.safetensors'));
    expect(encodeSafetensors(mixed, { format: 'pt' })).toEqual(fixture('metadata.safetensors'));
  });

  it('may hold 64-bit integers and booleans', () => {
    expect(parseSafetensors(fixture('int64-bool.safetensors'), 'm').tensors).toEqual({
      steps: { shape: [2], data: Int32Array.from([10, -1]) },
      mask: { shape: [2], data: Uint8Array.from([1, 0]) },
    });
  });

  it('may hold half precision', () => {
    expect(parseSafetensors(fixture('half.safetensors'), 'm').tensors).toEqual({
      half: { shape: [2], data: new Float32Array(2) },
    });
  });
});

describe('safetensors files that are damaged', () => {
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), '0 bytes'],
    ['a header beyond the file', fixture('mixed.safetensors').subarray(0, 40), 'only 32 bytes in the file'],
    ['a header length of 2^64 - 1', new Uint8Array(16).fill(255), '18446744073709551615'],
    ['a header that is no JSON', file('{"a":', 0), 'other bytes'],
    ['a header that is no object', file('[]', 0), 'another value'],
    [
      'a name twice',
      file(`{"a":${JSON.stringify(four(0, 4))},"\\u0061":${JSON.stringify(four(0, 4))}}`, 4),
      '"a" twice',
    ],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), '"dtype" twice'],
    ['overlapping arrays', file({ a: four(0, 4), b: four(0, 4) }, 4), 'belong to another array'],
    ['a gap between arrays', file({ a: four(0, 4), b: four(8, 12) }, 12), 'a gap'],
    ['a gap at the start', file({ a: four(4, 8) }, 8), 'a gap'],
    ['data that no array claims', file({ a: four(0, 4) }, 8), 'expected 4 bytes of data, found 8'],
    ['arrays beyond the file', file({ a: four(0, 4) }, 3), 'expected 4 bytes of data, found 3'],
    ['a shape that does not fit', file({ a: four(0, 4, [2]) }, 4), 'expected 8 bytes for the array "a", found 4'],
    ['a huge shape', file({ a: four(0, 4, [2 ** 40, 2 ** 40]) }, 4), 'a shape of whole numbers'],
    ['a negative offset', file({ a: four(-4, 0) }, 4), 'two byte offsets'],
    ['reversed offsets', file({ a: four(4, 0) }, 4), 'found -4'],
    ['a missing field', file({ a: { dtype: 'F32', shape: [1] } }, 4), 'found dtype, shape'],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }, 0), '__metadata__ to hold text'],
  ])('refuses %s', (_, bytes, found) => {
    const error = errorOf('bad-data', () => parseSafetensors(bytes, 'x.safetensors'));
    expect(error.message).toContain('"x.safetensors"');
    expect(error.message).toContain(found);
  });

  it('says so of a file cut off in the data', () => {
    const bytes = fixture('mixed.safetensors');
    const error = errorOf('bad-data', () => parseSafetensors(bytes.subarray(0, bytes.length - 1), 'x'));
    expect(error.message).toContain('expected 59 bytes of data, found 58');
  });
});

describe('safetensors properties', () => {
  const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '0', '"\\'));
  const tensors = fc
    .array(
      fc.tuple(
        names.filter((name) => name !== '__metadata__'),
        tensor,
      ),
      { maxLength: 4 },
    )
    .map((entries): TensorMap => Object.fromEntries(entries));
  const metadata = fc
    .array(fc.tuple(names, fc.string({ unit: 'binary' })), { maxLength: 2 })
    .map((entries): Record<string, string> => Object.fromEntries(entries));

  it('gives back what was written', () => {
    fc.assert(
      fc.property(tensors, metadata, (arrays, texts) => {
        const read = parseSafetensors(encodeSafetensors(arrays, texts), 'x');
        expect(Object.entries(read.tensors).sort()).toEqual(Object.entries(arrays).sort());
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(texts).sort());
      }),
    );
  });

  it('writes the same bytes whatever the order of the arrays', () => {
    fc.assert(
      fc.property(tensors, (arrays) => {
        const turned = Object.fromEntries(Object.entries(arrays).reverse());
        expect(encodeSafetensors(turned)).toEqual(encodeSafetensors(arrays));
      }),
    );
  });

  it('parses a mutated file or says what is wrong', () => {
    fc.assert(
      fc.property(
        tensors.chain((arrays) => corrupted(encodeSafetensors(arrays, { a: 'b' }))),
        (bytes) => {
          try {
            for (const { shape, data } of Object.values(parseSafetensors(bytes, 'mutated').tensors)) {
              expect(shape.reduce((a, b) => a * b, 1)).toBe(data.length);
              expect(data.byteLength).toBeLessThanOrEqual(bytes.length);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(CupbearerError);
            expect((error as CupbearerError).code).toBe('bad-data');
            expect((error as CupbearerError).message).toContain('"mutated"');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
