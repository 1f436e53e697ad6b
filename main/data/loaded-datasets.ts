import { canonicalJson } from '../storage/content-hash.ts';
import type { Dataset, DatasetCache } from './dataset.ts';

interface Entry {
  dataset: Promise<Dataset>;
  /** Milliseconds that loading took; undefined while it goes on. */
  ms?: number;
}

/** Keeps the datasets that were used last, for a process that answers one question after another about the same ones. */
export class LoadedDatasets implements DatasetCache {
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #used = new Set<Entry>();
  readonly #created = new Set<Entry>();

  constructor(most = 6) {
    this.#most = most;
  }

  get(key: unknown, load: () => Promise<Dataset>): Promise<Dataset> {
    const name = canonicalJson(key);
    const entry = this.#entries.get(name) ?? this.#load(name, load);
    this.#used.add(entry);
    // The one used last stands last.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= this.#most) break;
      this.#entries.delete(oldest);
    }
    return entry.dataset;
  }

  #load(name: string, load: () => Promise<Dataset>): Entry {
    const start = performance.now();
    const entry: Entry = {
      dataset: load().then(
        (dataset) => {
          entry.ms = performance.now() - start;
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
   * What `work` gives, how long the datasets that it asked for take to load, and how long it had to wait for some of them
   * now, milliseconds.
   */
  async measure<T>(work: () => Promise<T>): Promise<{ value: T; loadMs: number; waitedMs: number }> {
    this.#used.clear();
    this.#created.clear();
    const value = await work();
    const total = (entries: ReadonlySet<Entry>) => [...entries].reduce((sum, { ms = 0 }) => sum + ms, 0);
    return { value, loadMs: total(this.#used), waitedMs: total(this.#created) };
  }
}
