import { canonicalJson } from '../storage/content-hash.ts';
import type { Dataset, DatasetCache } from './dataset.ts';

/** A dataset takes so much more than its samples. */
const bytesOfEach = 2 ** 14;

interface Entry {
  dataset: Promise<Dataset>;
  /** What it takes in memory; 0 while it is loaded. */
  bytes: number;
  /** Milliseconds that loading took; undefined while it is loading. */
  ms?: number;
}

/**
 * Keeps the datasets that were used last, as many as memory is meant for, for a process that answers one question after
 * another about the same ones.
 */
export class LoadedDatasets implements DatasetCache {
  readonly #entries = new Map<string, Entry>();
  readonly #mostBytes: number;
  readonly #used = new Set<Entry>();
  readonly #created = new Set<Entry>();

  /** Datasets of at most `mostBytes` together are kept, and the last one however large. */
  constructor(mostBytes = 2 ** 29) {
    this.#mostBytes = mostBytes;
  }

  get(key: unknown, load: () => Promise<Dataset>): Promise<Dataset> {
    const name = canonicalJson(key);
    const entry = this.#entries.get(name) ?? this.#load(name, load);
    this.#used.add(entry);
    // Keeps the most recently used one last.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    this.#trim();
    return entry.dataset;
  }

  #trim(): void {
    let total = [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [name, { bytes }] of this.#entries) {
      if (total <= this.#mostBytes || this.#entries.size === 1) return;
      // One that is still loaded frees nothing.
      if (bytes === 0) continue;
      this.#entries.delete(name);
      total -= bytes;
    }
  }

  #load(name: string, load: () => Promise<Dataset>): Entry {
    const start = performance.now();
    const entry: Entry = {
      bytes: 0,
      dataset: load().then(
        (dataset) => {
          entry.ms = performance.now() - start;
          entry.bytes = dataset.memory + bytesOfEach;
          this.#trim();
          return dataset;
        },
        (error: unknown) => {
          if (this.#entries.get(name) === entry) this.#entries.delete(name);
          throw error;
        },
      ),
    };
    this.#created.add(entry);
    return entry;
  }

  /**
   * What `work` gives, how long the datasets that it asked for take to load, and how long it had to wait for some of
   * them now, milliseconds.
   */
  async measure<T>(work: () => Promise<T>): Promise<{ value: T; loadMs: number; waitedMs: number }> {
    this.#used.clear();
    this.#created.clear();
    const value = await work();
    const total = (entries: ReadonlySet<Entry>) => [...entries].reduce((sum, { ms = 0 }) => sum + ms, 0);
    return { value, loadMs: total(this.#used), waitedMs: total(this.#created) };
  }
}
