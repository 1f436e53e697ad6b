import { mostPixels } from './picture-header.ts';

/**
 * Bounds how many decoded pixels several threads hold at once: each takes room before it decodes and waits while there is too
 * little. One picture always has room, however large; usually two of the largest have.
 */
export class PixelRoom {
  /** Pixels that are decoded and not yet released; the memory is what another thread makes the same room of. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly #most: number;

  constructor(shared = new Int32Array(new SharedArrayBuffer(4)), most = 2 * mostPixels) {
    this.shared = shared;
    this.#most = most;
  }

  /** Resolves once there is room for a picture of `pixels`. */
  async take(pixels: number): Promise<void> {
    for (;;) {
      const taken = Atomics.load(this.shared, 0);
      if (taken > 0 && taken + pixels > this.#most) await Atomics.waitAsync(this.shared, 0, taken).value;
      else if (Atomics.compareExchange(this.shared, 0, taken, taken + pixels) === taken) return;
    }
  }

  /** Returns what {@link take} took. */
  giveBack(pixels: number): void {
    Atomics.sub(this.shared, 0, pixels);
    Atomics.notify(this.shared, 0);
  }
}
