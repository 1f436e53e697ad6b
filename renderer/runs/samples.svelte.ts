import type { CupbearerError } from '../../shared/errors.ts';
import { client, toCupbearerError } from '../app/client.ts';
import { shownSamples, type ShownSample } from './shown-samples.ts';

const atOnce = 200;
/** Pictures kept before the oldest are dropped. */
const most = 5000;

/**
 * Test samples by their places in the score arrays. What is asked for within a frame goes out as one call, so that a
 * grid that scrolls asks once a screenful.
 */
export class Samples {
  #known = $state.raw<ReadonlyMap<number, ShownSample>>(new Map());
  /** Why there is nothing to look at. */
  reason = $state<string>();
  failure = $state.raw<CupbearerError>();
  readonly #asked = new Set<number>();
  readonly #failed = new Set<number>();
  #next: number[] = [];
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  of(position: number): ShownSample | undefined {
    return this.#known.get(position);
  }

  /** Asks again for what failed. */
  retry(): void {
    const failed = [...this.#failed];
    this.#failed.clear();
    this.failure = undefined;
    for (const position of failed) this.#asked.delete(position);
    this.want(failed);
  }

  /** Sees to it that these samples come. */
  want(positions: Iterable<number>): void {
    const fresh = [...positions].filter((position) => !this.#asked.has(position));
    if (fresh.length === 0 || this.reason !== undefined) return;
    for (const position of fresh) this.#asked.add(position);
    if (this.#next.length === 0) requestAnimationFrame(() => void this.#fetch());
    this.#next.push(...fresh);
  }

  async #fetch(): Promise<void> {
    // The last asked for are what is on the screen now.
    const positions = this.#next.splice(-atOnce);
    if (this.#next.length > 0) requestAnimationFrame(() => void this.#fetch());
    try {
      const set = await client.runs.samples({ id: this.#id, positions });
      if (set.kind === 'none') {
        this.reason = set.reason;
        return;
      }
      const shown = await shownSamples(set);
      const known = new Map(this.#known);
      positions.forEach((position, i) => known.set(position, shown[i]!));
      for (const position of known.keys()) {
        if (known.size <= most) break;
        known.delete(position);
        this.#asked.delete(position);
      }
      this.#known = known;
      this.failure = undefined;
    } catch (error) {
      // They stay marked as requested until the user tries again; otherwise they would be requested endlessly.
      for (const position of positions) this.#failed.add(position);
      this.failure = toCupbearerError(error);
    }
  }
}
