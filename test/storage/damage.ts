/**
 * Ways in which a file is damaged, by name. Each takes bytes that it may change, and gives those of the damaged file.
 */
type Damage = (bytes: Buffer, random: () => number) => Buffer;

const pageBytes = 4096;

const below = (end: number, random: () => number) => Math.floor(random() * end);

export const damages: Readonly<Record<string, Damage>> = {
  'a byte': (bytes, random) => withBytes(bytes, random, 1, bytes.length),
  'a byte of the header': (bytes, random) => withBytes(bytes, random, 1, 100),
  'a byte of the first page': (bytes, random) => withBytes(bytes, random, 1, pageBytes),
  'many bytes': (bytes, random) => withBytes(bytes, random, 1 + below(50, random), bytes.length),
  'a block': (bytes, random) => {
    const start = below(bytes.length, random);
    return bytes.fill(below(256, random), start, Math.min(bytes.length, start + below(2 * pageBytes, random)));
  },
  'its end, which is missing': (bytes, random) => bytes.subarray(0, below(bytes.length, random)),
  'two pages, which are swapped': (bytes, random) => {
    const [one, other] = [page(bytes, random), page(bytes, random)];
    const before = Buffer.from(one);
    other.copy(one);
    before.copy(other);
    return bytes;
  },
  'a page, which is a copy of another': (bytes, random) => {
    page(bytes, random).copy(page(bytes, random));
    return bytes;
  },
};

function withBytes(bytes: Buffer, random: () => number, count: number, end: number): Buffer {
  for (let i = 0; i < count; i++) bytes[below(Math.min(end, bytes.length), random)] = below(256, random);
  return bytes;
}

function page(bytes: Buffer, random: () => number): Buffer {
  const number = below(Math.ceil(bytes.length / pageBytes), random);
  return bytes.subarray(number * pageBytes, (number + 1) * pageBytes);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
