import type { CachedArray, CachingArray } from '../storage/activation-cache.ts';
import type { ActivationStore, KeptPart, PassOver } from './activation-store.ts';

/** One pass over a dataset: which of its parts are kept already, and those that are kept from now on. */
export class KeptPass {
  readonly #found = new Map<KeptPart, CachedArray>();
  readonly #kept = new Map<KeptPart, CachingArray>();

  constructor(store: ActivationStore | undefined, parts: readonly KeptPart[], over: PassOver) {
    const pass = store?.pass(over);
    // All are looked for before one is written, which may remove others.
    for (const part of parts) {
      const found = pass?.find(part);
      if (found) this.#found.set(part, found);
    }
    for (const part of parts) {
      const kept = this.#found.has(part) ? undefined : pass?.create(part);
      if (kept) this.#kept.set(part, kept);
    }
  }

  /** Returns what was found of batch number `batch`. A part that turns out to be damaged is missing from then on. */
  read(batch: number): Map<KeptPart, Float32Array | Int32Array> {
    const blocks = new Map<KeptPart, Float32Array | Int32Array>();
    for (const [part, array] of this.#found) {
      const block = array.read(batch);
      if (block !== undefined) {
        blocks.set(part, block);
      } else {
        array.close();
        this.#found.delete(part);
      }
    }
    return blocks;
  }

  /** Takes the next batch of a part that was not found when the pass began. */
  keep(part: KeptPart, values: Float32Array | Int32Array): void {
    this.#kept.get(part)?.append(values);
  }

  /** Keeps what was taken; to be called after the last batch. */
  finish(): void {
    for (const kept of this.#kept.values()) kept.finish();
  }

  /** Ends the pass, whether it was finished or not. */
  close(): void {
    for (const array of this.#found.values()) array.close();
    for (const kept of this.#kept.values()) kept.discard();
  }
}
