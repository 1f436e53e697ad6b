import { unpackArrays } from '../../shared/domain/arrays.ts';
import type { CupbearerError } from '../../shared/errors.ts';
import { client, toCupbearerError } from '../app/client.ts';

/** A picture: values 0 to 1, `[height, width, channels]`. */
interface Picture {
  height: number;
  width: number;
  channels: number;
  values: Float32Array;
}

/** What a test sample looks like: as it was scored. */
interface ShownSample {
  picture: Picture | null;
  text: string | null;
  /** As it was before it was made anomalous, where that was done. */
  cleanPicture: Picture | null;
  cleanText: string | null;
  label: string;
}

const atOnce = 200;
/** Pictures kept before the oldest are dropped. */
const most = 5000;

/**
 * Test samples by their places in the score arrays. What is asked for within a frame goes out as one call, so that a grid
 * that scrolls asks once a screenful.
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
      const arrays = set.kind === 'images' ? await unpackArrays(set.arrays) : {};
      const [height = 0, width = 0, channels = 1] = set.kind === 'images' ? set.shape : [];
      const size = height * width * channels;
      const picture = (name: string, i: number): Picture | null => {
        const values = arrays[name];
        if (!(values instanceof Float32Array)) return null;
        return { height, width, channels, values: values.subarray(i * size, (i + 1) * size) };
      };
      const known = new Map(this.#known);
      positions.forEach((position, i) => {
        const [clean, changed] = [picture('clean', i), picture('changed', i)];
        const [cleanText, text] = set.kind === 'texts' ? [set.clean[i]!, set.changed?.[i]] : [null, null];
        const before = set.kind === 'images' && set.hasBefore?.[i] ? picture('before', i) : null;
        const textBefore = set.kind === 'texts' ? (set.before?.[i] ?? null) : null;
        known.set(position, {
          picture: changed ?? clean,
          text: text ?? cleanText,
          cleanPicture: changed ? clean : before,
          cleanText: text === undefined || text === null ? textBefore : cleanText,
          label: set.changedLabels?.[i] ?? set.labels[i] ?? '',
        });
      });
      for (const position of known.keys()) {
        if (known.size <= most) break;
        known.delete(position);
        this.#asked.delete(position);
      }
      this.#known = known;
      this.failure = undefined;
    } catch (error) {
      // They stay asked for until the user tries again: whoever shows them would ask without end.
      for (const position of positions) this.#failed.add(position);
      this.failure = toCupbearerError(error);
    }
  }
}
