/**
 * Returns a number that is the same for equal contents: 53 bits of two multiplicative hashes of float32 bits, those from `from` up to
 * `to`. The chance that any two of a million different contents share one is 1 in 18,000.
 */
export function contentKey(words: Uint32Array, from: number, to: number): number {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (let k = from; k < to; k++) {
    // -0 and 0 are one number.
    const word = words[k] === 0x80000000 ? 0 : words[k]!;
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ (word >>> 16) ^ (word << 16), 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}
