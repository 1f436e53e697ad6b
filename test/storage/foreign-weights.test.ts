import { describe, expect, it } from 'vitest';
import { parseSafetensors } from '../../main/storage/safetensors.ts';

/** A safetensors file as other programs may write it. */
function written(header: object, data: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** All 65,536 values of 16 bits. */
const allBits = new Uint8Array(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).buffer);
const one = (dtype: string, data: Uint8Array) =>
  written({ w: { dtype, shape: [data.length / 2], data_offsets: [0, data.length] } }, data);

/** IEEE 754 by its definition. */
function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? 2 ** -14 * (fraction / 1024) : 2 ** (exponent - 15) * (1 + fraction / 1024));
}

describe('weights of 16 bits', () => {
  it('are read as float32: F16', () => {
    const { data } = parseSafetensors(one('F16', allBits), 'x').tensors['w']!;
    expect(data).toBeInstanceOf(Float32Array);
    const wrong = Array.from(data).findIndex((value, bits) => !Object.is(value, halfOf(bits)));
    expect(wrong).toBe(-1);
  });

  it('are read as float32: BF16', () => {
    const { data } = parseSafetensors(one('BF16', allBits), 'x').tensors['w']!;
    const upper = new Uint16Array(new Uint8Array(data.buffer).buffer).filter((_, k) => k % 2 === 1);
    expect(Buffer.compare(new Uint8Array(upper.buffer), allBits)).toBe(0);
    expect([data[0x3f80], data[0xc000], data[0x3eab]]).toEqual([1, -2, 0.333984375]);
  });

  it('of other kinds are answered with the line of Python that converts them', () => {
    expect(() => parseSafetensors(one('I16', new Uint8Array(4)), 'x')).toThrow(
      expect.objectContaining({
        code: 'bad-data',
        message: '"x": expected the array "w" to be of type F32, F64, I32, U8, I64, BOOL, F16, BF16, found "I16".',
        hint: expect.stringContaining('save_file({k: v.float() for k, v in load_file(') as string,
      }),
    );
  });
});

it('takes a header whose free text is null', () => {
  const file = written({ __metadata__: null, w: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(7));
  expect(parseSafetensors(file, 'x')).toEqual({ tensors: { w: { shape: [1], data: Uint8Array.of(7) } }, metadata: {} });
});

it.each([
  ['version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n', 'a pointer of Git LFS', 'git lfs pull'],
  ['PK\u0003\u0004 data.pkl', "a file of PyTorch's torch.save", 'torch.load("x"'],
  [`PK\u0003\u0004${'.'.repeat(26)}0.weight.npy`, 'an archive of NumPy (npz)', 'numpy.load("x")'],
  ['\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9', 'a pickle, as PyTorch once saved weights', 'torch.load("x"'],
  ['\u0080\u0004\u0095\u0000\u0000\u0000\u0000\u0001', 'a pickle of Python', 'pickle.load(open("x", "rb"))'],
  ['\u001f\u008b\u0008\u0000\u0000\u0000\u0000\u0001', 'a gzip file', 'gzip.decompress'],
  ['\u0093NUMPY\u0001\u0000', 'a single array of NumPy', 'by their names'],
  ['GGUF\u0003\u0000\u0000\u0000\u0001\u0001', 'a GGUF file', 'in PyTorch'],
  ['\u0008\u0008\u0012\u0007pytorch', 'an ONNX file', 'onnx.load("x")'],
  ['\u0089HDF\r\n\u001a\n', 'an HDF5 file', 'save_keras_model'],
  ['<!DOCTYPE html>', 'a web page', 'Download the file itself'],
])('says that %j is no safetensors file, and what to do', (text, what, hint) => {
  expect(() => parseSafetensors(Buffer.from(text, 'latin1'), 'x')).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringContaining(`"x": expected a safetensors file, found ${what}`) as string,
      hint: expect.stringContaining(hint) as string,
    }),
  );
});

it('takes a safetensors file for one whose header has the length of a "<"', () => {
  const data = Uint8Array.of(7);
  const entry = (name: string) => ({ [name]: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } });
  const name = 'n'.repeat('<'.charCodeAt(0) - JSON.stringify(entry('')).length);
  const file = written(entry(name), data);
  expect(file[0]).toBe('<'.charCodeAt(0));
  expect(parseSafetensors(file, 'x').tensors[name]!.data).toEqual(data);
});
