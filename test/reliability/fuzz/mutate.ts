import type { RandomStream } from '../../../main/tensor/random.ts';
import type { Material } from './material.ts';
import { mutatedJson } from './mutate-json.ts';
import { bytesOf, textOf, type Parser } from './parser.ts';

/** No mutated input is longer, whatever the parser. */
const mostBytes = 1_000_000;

/** Whole numbers at which lengths, counts and offsets go wrong. */
const edges = [
  0n, 1n, 2n, 7n, 127n, 128n, 255n, 256n, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn,
  0x1_0000_0000n, 0x1f_ffff_ffff_ffffn, 0x20_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn,
]; // prettier-ignore

/** Numbers as text. */
const numbers = [
  '0', '-0', '-1', '1', '1.5', '255', '65536', '2147483648', '4294967295', '4294967296', '9007199254740992', '99999999999999999999',
  '1e308', '1e309', '-1e309', '1e-400', 'NaN', 'Infinity', '00', '0x10', '٣',
]; // prettier-ignore

/** Words that mean something in one format or another. */
const words = [
  '', ' ', '\n', '\r\n', '\t', '\0', '"', "'", '\\', '{', '}', '[', ']', ':', ',', 'null', 'true', 'false', '{}', '[]', '""',
  '"__proto__":', '"constructor":', '\\u0000', '\\ud800', '../', '..\\', '/', '//', '~', '%00', '%2e%2e%2f', '%', '<', '>', '&', '<!--',
  '<script>', '</script>', ']]>', '$(x)', '`', ';', '|', '=', '+', '-', '@', '\u202e', '\ufeff', 'é', '🦖',
]; // prettier-ignore

type Mutation = (bytes: Uint8Array, random: RandomStream, parser: Material) => Uint8Array;

export function materialOf(parser: Parser, seeds: readonly Uint8Array[]): Material {
  const { dictionary = [], isJson = false, longest = mostBytes, mend = (bytes: Uint8Array) => bytes } = parser;
  return { seeds, dictionary, isJson, longest, mend };
}

/** Returns a changed copy of one of the seeds; the same one for the same state of `random`. */
export function mutated(material: Material, random: RandomStream): Uint8Array {
  const seed = material.seeds[random.integer(material.seeds.length)]!;
  // Most changes of bytes leave no JSON, which says nothing of what reads the values.
  if (material.isJson && random.uniform() < 0.75) return bytesOf(mutatedJson(textOf(seed), material, random));
  const count = random.uniform() < 0.8 ? 1 + random.integer(3) : 1 + random.integer(16);
  let bytes: Uint8Array = seed.slice();
  for (let k = 0; k < count; k++) bytes = mutations[random.integer(mutations.length)]!(bytes, random, material);
  bytes = bytes.slice(0, material.longest);
  return random.integer(4) === 0 ? bytes : material.mend(bytes);
}

/** A place in the bytes, as often as not near their beginning, where headers are. */
function place(bytes: Uint8Array, random: RandomStream): number {
  const end = random.uniform() < 0.5 ? Math.min(bytes.length, 64) : bytes.length;
  return random.integer(end + 1);
}

/** Where a part begins and ends. */
function part(bytes: Uint8Array, random: RandomStream): [from: number, to: number] {
  const from = place(bytes, random);
  const longest = Math.max(1, random.uniform() < 0.5 ? Math.min(16, bytes.length - from) : bytes.length - from);
  return [from, Math.min(bytes.length, from + 1 + random.integer(longest))];
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of parts) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

function withInserted(bytes: Uint8Array, at: number, inserted: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), inserted, bytes.subarray(at));
}

const flipBit: Mutation = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  const at = Math.min(place(bytes, random), bytes.length - 1);
  bytes[at] = bytes[at]! ^ (1 << random.integer(8));
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  if (bytes.length === 0) return bytes;
  bytes[Math.min(place(bytes, random), bytes.length - 1)] = random.integer(256);
  return bytes;
};

const removePart: Mutation = (bytes, random) => {
  const [from, to] = part(bytes, random);
  return joined(bytes.subarray(0, from), bytes.subarray(to));
};

const repeatPart: Mutation = (bytes, random) => {
  const [from, to] = part(bytes, random);
  const times = random.uniform() < 0.9 ? 1 + random.integer(4) : 1 + random.integer(2000);
  const most = Math.max(1, Math.floor(mostBytes / Math.max(1, to - from)));
  const repeated = Array.from({ length: Math.min(times, most) }, () => bytes.subarray(from, to));
  return withInserted(bytes, to, joined(...repeated));
};

const swapParts: Mutation = (bytes, random) => {
  const cuts = [0, 1, 2, 3].map(() => random.integer(bytes.length + 1)).sort((a, b) => a - b);
  const [a, b, c, d] = cuts as [number, number, number, number];
  return joined(
    bytes.subarray(0, a),
    bytes.subarray(c, d),
    bytes.subarray(b, c),
    bytes.subarray(a, b),
    bytes.subarray(d),
  );
};

/** An integer of 1 to 8 bytes, of either byte order, as lengths and offsets are stored. */
const edgeInteger: Mutation = (bytes, random) => {
  const size = [1, 2, 4, 8][random.integer(4)]!;
  if (bytes.length < size) return bytes;
  const at = Math.min(place(bytes, random), bytes.length - size);
  const value = edges[random.integer(edges.length)]!;
  const isLittle = random.integer(2) === 0;
  for (let k = 0; k < size; k++) {
    const shift = BigInt(8 * (isLittle ? k : size - 1 - k));
    bytes[at + k] = Number((value >> shift) & 0xffn);
  }
  return bytes;
};

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** A number that stands in the bytes as text, replaced by another. */
const edgeNumber: Mutation = (bytes, random) => {
  const start = place(bytes, random);
  let from = start;
  while (from < bytes.length && !isDigit(bytes[from])) from++;
  if (from === bytes.length) return bytes;
  let to = from;
  while (isDigit(bytes[to])) to++;
  const text = numbers[random.integer(numbers.length)]!;
  return joined(bytes.subarray(0, from), bytesOf(text), bytes.subarray(to));
};

const insertWord: Mutation = (bytes, random, { dictionary }) => {
  const own = dictionary.length > 0 && random.uniform() < 0.7 ? dictionary : words;
  const word = bytesOf(own[random.integer(own.length)]!);
  const at = place(bytes, random);
  const covered = random.integer(2) === 0 ? 0 : Math.min(word.length, bytes.length - at);
  return joined(bytes.subarray(0, at), word, bytes.subarray(at + covered));
};

/** The same sign so many times that whatever calls itself for each runs out of stack. */
const insertDepth: Mutation = (bytes, random) => {
  const sign = ['[', '{"a":', '(', '<b>', '"', '\\', '../', '> ', '- '][random.integer(9)]!;
  return withInserted(bytes, place(bytes, random), bytesOf(sign.repeat(1 + random.integer(20_000))));
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.integer(bytes.length + 1));

const extend: Mutation = (bytes, random) =>
  joined(
    bytes,
    Uint8Array.from({ length: 1 + random.integer(64) }, () => random.integer(256)),
  );

/** The beginning of these bytes and the end of another seed. */
const splice: Mutation = (bytes, random, { seeds }) => {
  const other = seeds[random.integer(seeds.length)]!;
  return joined(bytes.subarray(0, place(bytes, random)), other.subarray(random.integer(other.length + 1)));
};

const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  removePart,
  repeatPart,
  swapParts,
  edgeInteger,
  edgeInteger,
  edgeInteger,
  edgeNumber,
  insertWord,
  insertWord,
  insertDepth,
  truncate,
  extend,
  splice,
];
