import { statSync } from 'node:fs';
import { canonicalJson } from '../storage/content-hash.ts';
import type { Dataset, DatasetKeeper } from './dataset.ts';

interface Entry {
  dataset: Dataset;
  /** What its files looked like before they were read. */
  stamp: string;
}

/**
 * Keeps datasets as they lie on disk, or as they are drawn, for the next runs of a process. One whose files have changed
 * is loaded again.
 */
export class KeptDatasets implements DatasetKeeper {
  readonly #entries = new Map<string, Entry>();
  readonly #mostBytes: number;

  /** Datasets of at most `mostBytes` together are kept. */
  constructor(mostBytes = 2 ** 28) {
    this.#mostBytes = mostBytes;
  }

  async get(key: readonly unknown[], files: readonly string[], load: () => Promise<Dataset>): Promise<Dataset> {
    const name = canonicalJson(key);
    const stamp = files.map(stampOf).join(' ');
    const known = this.#entries.get(name);
    // The most recently used one is last.
    this.#entries.delete(name);
    const entry = known?.stamp === stamp ? known : { dataset: await load(), stamp };
    this.#entries.set(name, entry);
    this.#trim();
    return entry.dataset;
  }

  #trim(): void {
    let total = [...this.#entries.values()].reduce((sum, { dataset }) => sum + dataset.memory, 0);
    for (const [name, { dataset }] of this.#entries) {
      if (total <= this.#mostBytes) return;
      this.#entries.delete(name);
      total -= dataset.memory;
    }
  }
}

/** Changes whenever a file does, even to one of the same size and time: nobody can set the time of the change of a node. */
function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':') : '-';
}
