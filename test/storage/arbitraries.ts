import fc from 'fast-check';
import type { NamedTensor, TensorData } from '../../shared/domain/tensors.ts';

function values(length: number): fc.Arbitrary<TensorData> {
  const size = { minLength: length, maxLength: length };
  return fc.oneof(
    fc.float32Array(size).map((data): TensorData => data),
    fc.float64Array(size),
    fc.int32Array(size),
    fc.uint8Array(size),
  );
}

/** Small arrays of every element type, scalars and empty ones included. */
export const tensor: fc.Arbitrary<NamedTensor> = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain((shape) => values(shape.reduce((a, b) => a * b, 1)).map((data) => ({ shape, data })));

/** `bytes` with some of them changed, removed, doubled, or cut off. The first 200 bytes, the header, are hit most. */
export function corrupted(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const position = fc.oneof(
    fc.integer({ min: 0, max: Math.min(200, bytes.length) }),
    fc.integer({ min: 0, max: bytes.length }),
  );
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('0123456789{}[]()\',": \\')));
  const edit = fc.oneof(
    fc.tuple(position, byte).map(
      ([at, value]) =>
        (b: number[]) =>
          b.splice(at, 1, value),
    ),
    fc.tuple(position, byte).map(
      ([at, value]) =>
        (b: number[]) =>
          b.splice(at, 0, value),
    ),
    fc.tuple(position, fc.integer({ min: 1, max: 9 })).map(
      ([at, count]) =>
        (b: number[]) =>
          b.splice(at, count),
    ),
    position.map((at) => (b: number[]) => b.splice(at)),
    fc.tuple(position, position).map(
      ([from, to]) =>
        (b: number[]) =>
          b.splice(to, 0, ...b.slice(from, from + 20)),
    ),
  );
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    const copy = [...bytes];
    for (const apply of edits) apply(copy);
    return Uint8Array.from(copy);
  });
}
