/** Parsers with faults of every kind, by which the fuzzer is tested. */
import { CupbearerError } from '../../../shared/errors.ts';
import { bytesOf, textOf, type Parser } from './parser.ts';

const refused = () => new CupbearerError('bad-data', 'Expected a length and as many bytes.');

/** Reads a length of four bytes, big-endian, and as many bytes behind it. */
function block(input: Uint8Array): Uint8Array {
  if (input.length < 4) throw refused();
  const length = new DataView(input.buffer, input.byteOffset).getUint32(0);
  if (length !== input.length - 4) throw refused();
  return input.subarray(4);
}

const seeds = () => [new Uint8Array([0, 0, 0, 6, ...bytesOf('plants')]), new Uint8Array([0, 0, 0, 0])];

/** The fault is at one place each; all else is as it should be. */
export const parsers: readonly Parser[] = [
  { name: 'sound', seeds, parse: block },
  {
    name: 'throws',
    seeds,
    // Forgets that there may be no length.
    parse: (input) => [new DataView(input.buffer, input.byteOffset, input.length).getUint32(0), block(input)],
  },
  {
    name: 'accepts',
    seeds,
    parse: (input) => textOf(input.subarray(4)),
    wrong: (value, input) => {
      const length = input.length < 4 ? 0 : new DataView(input.buffer, input.byteOffset).getUint32(0);
      return (value as string).length === length ? undefined : 'The length is not that of the text.';
    },
  },
  {
    name: 'hangs',
    seeds,
    parse: (input) => {
      // Waits for a zero that need not come.
      for (let at = 0; input[at] !== 0; at = (at + 1) % 256);
      return block(input);
    },
  },
  {
    name: 'never-answers',
    seeds,
    parse: (input) => (input.length > 12 ? new Promise(() => undefined) : block(input)),
  },
  {
    name: 'allocates',
    seeds,
    mostMemory: 40_000_000,
    // Believes the length before it has seen the bytes.
    parse: (input) => {
      if (input.length < 4) throw refused();
      const length = new DataView(input.buffer, input.byteOffset).getUint32(0);
      return [new Uint8Array(Math.min(length, 80_000_000)).fill(1).length, block(input)];
    },
  },
  {
    name: 'crashes',
    seeds,
    parse: (input) => {
      if (input[0] === 0xff) process.abort();
      return block(input);
    },
  },
  { name: 'refuses-its-seeds', seeds: () => [new Uint8Array([1])], parse: block },
];
