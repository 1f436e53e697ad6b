import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { encodeNpy, parseNpy } from '../../main/storage/npy.ts';
import { errorOf, fixture } from './fixtures.ts';
import { corrupted, tensor } from './arbitraries.ts';

const thirds = [0, 1, 2, 3, 4, 5].map((i) => i / 3);

/** What fixtures/make_fixtures.py wrote with NumPy, by file. */
const written: Record<string, NamedTensor> = {
  'f4.npy': { shape: [2, 3], data: Float32Array.from(thirds) },
  'f8.npy': { shape: [2, 3], data: Float64Array.from(thirds) },
  'i4.npy': { shape: [2, 3], data: Int32Array.from([-2, -1, 0, 1, 2, 3]) },
  'u1.npy': { shape: [2, 3], data: Uint8Array.from([0, 50, 100, 150, 200, 250]) },
  'scalar.npy': { shape: [], data: Float64Array.from([2.5]) },
  'empty.npy': { shape: [0, 4], data: new Float32Array(0) },
};

describe('npy files written by NumPy', () => {
  it.each(Object.entries(written))('reads %s and writes the same bytes', (name, expected) => {
    expect(parseNpy(fixture(name), name)).toEqual(expected);
    expect(encodeNpy(expected)).toEqual(fixture(name));
  });

  it('reads versions 2.0 and 3.0', () => {
    expect(parseNpy(fixture('version-2.npy'), 'v2')).toEqual(written['f4.npy']);
    expect(parseNpy(fixture('version-3.npy'), 'v3')).toEqual(written['f4.npy']);
  });

  it('narrows 64-bit integers that fit and refuses those that do not', () => {
    expect(parseNpy(fixture('i8.npy'), 'i8').data).toEqual(Int32Array.from([-(2 ** 31), -1, 0, 2 ** 31 - 1]));
    const error = errorOf('bad-data', () => parseNpy(fixture('i8-too-large.npy'), 'labels.npy'));
    expect(error.message).toContain('"labels.npy"');
    expect(error.message).toContain('found 2147483648 at element 1');
  });

  it('reads booleans as 0 and 1', () => {
    expect(parseNpy(fixture('b1.npy'), 'b1')).toEqual({ shape: [3], data: Uint8Array.from([1, 0, 1]) });
  });

  it('turns Fortran order into row-major order', () => {
    expect(parseNpy(fixture('fortran.npy'), 'f')).toEqual({
      shape: [2, 3, 4],
      data: Int32Array.from({ length: 24 }, (_, i) => i),
    });
  });

  it('reads from the middle of a larger buffer, unaligned', () => {
    const bytes = fixture('f8.npy');
    const padded = new Uint8Array(bytes.length + 3);
    padded.set(bytes, 3);
    expect(parseNpy(padded.subarray(3), 'f8')).toEqual(written['f8.npy']);
  });

  it.each([
    ['big-endian.npy', '">f4"'],
    ['half.npy', '"<f2"'],
    ['structured.npy', 'no plain value for "descr"'],
  ])('refuses %s, naming what it found', (name, found) => {
    expect(errorOf('bad-data', () => parseNpy(fixture(name), name)).message).toContain(found);
  });
});

describe('npy files that are damaged', () => {
  const good = fixture('f4.npy');

  it.each([
    ['nothing at all', new Uint8Array(0), '0 bytes'],
    ['another format', new TextEncoder().encode('PK zip archive'), 'another beginning'],
    ['a file cut in the header', good.subarray(0, 60), 'only 50 bytes in the file'],
    ['a file cut in the data', good.subarray(0, good.length - 1), 'expected 24 bytes of data'],
    ['more data than the shape says', Uint8Array.from([...good, 0]), 'found 25'],
    ['version 9', good.with(6, 9), 'found 9.0'],
  ])('refuses %s', (_, bytes, found) => {
    const error = errorOf('bad-data', () => parseNpy(bytes, 'scores.npy'));
    expect(error.message).toContain('"scores.npy"');
    expect(error.message).toContain(found);
  });

  it.each([
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 3, }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999, 99999999), }",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} ()",
    "{'descr': __import__('os').name, 'fortran_order': False, 'shape': (1,)}",
    "('descr', '<f4')",
    '',
  ])('refuses the header %s', (header) => {
    const bytes = new Uint8Array(10 + header.length + 4);
    bytes.set(good.subarray(0, 8));
    bytes[8] = header.length;
    bytes.set(new TextEncoder().encode(header), 10);
    errorOf('bad-data', () => parseNpy(bytes, 'x.npy'));
  });
});

describe('npy properties', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(tensor, (value) => {
        expect(parseNpy(encodeNpy(value), 'x.npy')).toEqual(value);
      }),
    );
  });

  it('starts the data at a multiple of 64 bytes', () => {
    fc.assert(fc.property(tensor, (value) => (encodeNpy(value).length - value.data.byteLength) % 64 === 0));
  });

  it('parses a mutated file or says what is wrong', () => {
    fc.assert(
      fc.property(
        tensor.chain((value) => corrupted(encodeNpy(value))),
        (bytes) => {
          try {
            const { shape, data } = parseNpy(bytes, 'mutated.npy');
            expect(shape.reduce((a, b) => a * b, 1)).toBe(data.length);
            expect(data.byteLength).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(CupbearerError);
            expect((error as CupbearerError).code).toBe('bad-data');
            expect((error as CupbearerError).message).toContain('"mutated.npy"');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses to write a shape that does not fit the data', () => {
    errorOf('internal', () => encodeNpy({ shape: [2], data: new Float32Array(3) }));
  });
});
