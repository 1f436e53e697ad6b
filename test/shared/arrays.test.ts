import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packArrays, unpackArrays, type ArrayMap } from '../../shared/domain/arrays.ts';

const array = fc.oneof(
  fc.array(fc.float({ noNaN: false })).map((values) => Float32Array.from(values)),
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map((values) => Int32Array.from(values)),
  fc.array(fc.integer({ min: 0, max: 255 })).map((values) => Uint8Array.from(values)),
);
const arrays = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__'),
  array,
);

it('what is packed comes back, bit for bit and in order', async () => {
  await fc.assert(
    fc.asyncProperty(arrays, async (given) => {
      const back = await unpackArrays(packArrays(given));
      expect(Object.keys(back)).toEqual(Object.keys(given));
      for (const [name, values] of Object.entries(given)) {
        expect(back[name]!.constructor).toBe(values.constructor);
        expect(Buffer.from(back[name]!.buffer, back[name]!.byteOffset, back[name]!.byteLength)).toEqual(
          Buffer.from(values.buffer, values.byteOffset, values.byteLength),
        );
      }
    }),
    { numRuns: 200 },
  );
});

it('a view on part of a buffer is packed alone', async () => {
  const whole = Float32Array.from([1, 2, 3, 4]);
  const { part } = await unpackArrays(packArrays({ part: whole.subarray(1, 3) }));
  expect(part).toEqual(Float32Array.from([2, 3]));
});

it('bytes that are cut off or changed are refused or read, never anything else', async () => {
  const bytes = new Uint8Array(
    await packArrays({ a: Float32Array.from([1, 2]), b: Uint8Array.from([7]) }).arrayBuffer(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: bytes.length }),
      fc.integer({ min: 0, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      async (length, at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        const outcome = await unpackArrays(new Blob([damaged.slice(0, length)])).then(
          (read: ArrayMap) => Object.values(read).every((one) => ArrayBuffer.isView(one)),
          (error: { code?: string }) => error.code === 'bad-data',
        );
        expect(outcome).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
  await expect(unpackArrays(new Blob([bytes.slice(0, -4)]))).rejects.toMatchObject({ code: 'bad-data' });
});
