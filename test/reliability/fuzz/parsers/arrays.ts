import { readFileSync } from 'node:fs';
import type { TensorMap } from '../../../../shared/domain/tensors.ts';
import { packArrays, unpackArrays } from '../../../../shared/domain/arrays.ts';
import { parseNpy, encodeNpy } from '../../../../main/storage/npy.ts';
import { parsePythonDict } from '../../../../main/storage/python-literal.ts';
import {
  encodeSafetensors,
  headerBytes,
  parseSafetensors,
  parseSafetensorsDirectory,
  parseSafetensorsMetadata,
} from '../../../../main/storage/safetensors.ts';
import { bytesOf, textOf, type Parser } from '../parser.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../storage/fixtures/${name}`, import.meta.url)));

const tensors: TensorMap = {
  weight: { shape: [2, 3], data: new Float32Array([1, -2, 3.5, NaN, Infinity, 0]) },
  index: { shape: [3], data: new Int32Array([0, -1, 2]) },
  mean: { shape: [], data: new Float64Array([Math.PI]) },
  flags: { shape: [2, 0], data: new Uint8Array() },
};

const npyWords = [
  "'descr'",
  "'fortran_order'",
  "'shape'",
  "'<f4'",
  "'<f8'",
  "'<i8'",
  "'|b1'",
  'True',
  'False',
  '()',
  '(1,)',
];

const npy: Parser = {
  name: 'npy',
  seeds: () => [
    ...Object.values(tensors).map((tensor) => encodeNpy(tensor)),
    ...['b1', 'f4', 'fortran', 'i8', 'scalar', 'version-2', 'version-3'].map((name) => fixture(`${name}.npy`)),
  ],
  parse: (input) => parseNpy(input, 'file.npy'),
  wrong: (value) => wrongShape(value as TensorMap[string]),
  dictionary: npyWords,
};

function wrongShape({ shape, data }: TensorMap[string]): string | undefined {
  const count = shape.reduce((product, size) => product * size, 1);
  return count === data.length ? undefined : `The shape [${shape.join(', ')}] does not hold ${data.length} values.`;
}

const pythonLiteral: Parser = {
  name: 'python-literal',
  seeds: () => [
    bytesOf("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"),
    bytesOf('{"a": 1, \'b\': (1,), "c": (), \'d\': True}   \n'),
  ],
  parse: (input) => parsePythonDict(textOf(input)),
  takesAll: true,
  dictionary: npyWords,
};

const safetensorsWords = [
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"F32"',
  '"I64"',
  '"BOOL"',
  '"__metadata__"',
  '[0,0]',
];

const safetensors: Parser = {
  name: 'safetensors',
  seeds: () => [
    encodeSafetensors(tensors),
    encodeSafetensors({}, { format: '1', words: 'some "words"' }),
    fixture('mixed.safetensors'),
    fixture('metadata.safetensors'),
    fixture('int64-bool.safetensors'),
  ],
  parse: (input) => parseSafetensors(input, 'file.safetensors'),
  wrong: (value) => {
    const all = Object.values((value as ReturnType<typeof parseSafetensors>).tensors);
    return all.map(wrongShape).find((wrong) => wrong !== undefined);
  },
  dictionary: safetensorsWords,
};

/** The header alone, as it is read of files whose arrays are not wanted. */
const safetensorsHeader: Parser = {
  name: 'safetensors-header',
  seeds: safetensors.seeds,
  parse: (input) => {
    const start = input.subarray(0, headerBytes(input.subarray(0, 8), 'file'));
    return [parseSafetensorsDirectory(start, 'file'), parseSafetensorsMetadata(start, 'file')];
  },
  dictionary: safetensorsWords,
};

const packedArrays: Parser = {
  name: 'packed-arrays',
  seeds: async () => {
    const packed = packArrays({ a: new Float32Array(3), 'layer/b': new Int32Array([1, 2]), c: new Uint8Array(5) });
    return [new Uint8Array(await packed.arrayBuffer())];
  },
  parse: (input) => unpackArrays(new Blob([new Uint8Array(input)])),
  dictionary: ['"name"', '"kind"', '"length"', '"f32"', '"u8"', '__proto__'],
};

/** Parsers of stored and sent arrays. */
export const arrayParsers: readonly Parser[] = [npy, pythonLiteral, safetensors, safetensorsHeader, packedArrays];
