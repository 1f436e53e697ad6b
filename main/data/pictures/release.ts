/** Frees the memory of an array that nobody else uses: by the hundred million bytes it would wait for a collection. */
export function release({ buffer }: Uint8Array | Uint8ClampedArray): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
