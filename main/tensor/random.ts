const TWO_POW_NEG_32 = 2 ** -32;

/** One round of the 32-bit MurmurHash3 body followed by its finaliser (A. Appleby, public domain constants). */
function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  let h = hash ^ Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A named stream of random numbers. There is no global random state: every use of randomness derives its own stream
 * from the run's seed and a name (`RandomStream.from(seed, 'augmentation', epoch, index)`), so the numbers depend
 * neither on batch size nor on the order in which things happen.
 *
 * Generator: sfc32 (C. Doty-Humphrey, PractRand), keyed by a MurmurHash3 mix of the names. Integer arithmetic only,
 * hence the same on every machine; `normal` also uses `Math.log` and `Math.sqrt`.
 */
export class RandomStream {
  readonly #low: number;
  readonly #high: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | undefined;

  private constructor(low: number, high: number) {
    this.#low = low;
    this.#high = high;
    this.#a = low | 0;
    this.#b = high | 0;
    this.#c = (low ^ high ^ 0x9e3779b9) | 0;
    // sfc32 needs a few rounds until all bits of the key have reached all bits of the state.
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** The stream that belongs to `seed` and the names that follow. Seeds are whole numbers up to 2^53. */
  static from(seed: number, ...names: (string | number)[]): RandomStream {
    const low = mix(mix(0x2545f491, seed | 0), Math.floor(seed / 2 ** 32) | 0);
    const high = mix(mix(0x6c078965, seed | 0), Math.floor(seed / 2 ** 32) | 0);
    return new RandomStream(low, high).derive(...names);
  }

  /** A stream of its own for a part of what this one is for; drawing from one never moves the other. */
  derive(...names: (string | number)[]): RandomStream {
    let low = this.#low;
    let high = this.#high;
    for (const name of names) {
      if (typeof name === 'number') {
        low = mix(low, name | 0);
        high = mix(high, (name | 0) ^ 0x5bd1e995);
      } else {
        for (let i = 0; i < name.length; i++) {
          low = mix(low, name.charCodeAt(i));
          high = mix(high, name.charCodeAt(i) ^ 0x5bd1e995);
        }
        // Marks the end of a name, so that ('ab', 'c') and ('a', 'bc') differ.
        low = mix(low, 0x10000 + name.length);
        high = mix(high, 0x20000 + name.length);
      }
    }
    return new RandomStream(low, high);
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** A number in [0, 1), in steps of 2^-32. */
  uniform(): number {
    return this.uint32() * TWO_POW_NEG_32;
  }

  /** A whole number in [0, bound), unbiased (rejection of the incomplete last interval). `bound` is 1 to 2^32. */
  integer(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.uint32();
      if (value < limit) return value % bound;
    }
  }

  /** A draw from the standard normal distribution (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * factor;
      return u * factor;
    }
  }

  /** The numbers 0 to n - 1 in random order (Fisher-Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = order[i]!;
      order[i] = order[j]!;
      order[j] = swapped;
    }
    return order;
  }
}
