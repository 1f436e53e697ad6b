import type { DatasetSummary, DownloadState } from '../../shared/domain/library.ts';
import { client, toCupbearerError } from './client.ts';
import { toasts } from './toasts.svelte.ts';

/** The datasets and current downloads. Outlives the screen, so that leaving it does not stop a download. */
class Library {
  datasets = $state.raw<readonly DatasetSummary[] | null>(null);
  error = $state<string | null>(null);
  downloads = $state.raw<ReadonlyMap<string, DownloadState>>(new Map());
  /** Why the last download of a dataset failed. */
  failures = $state.raw<ReadonlyMap<string, string>>(new Map());
  #stops = new Map<string, AbortController>();

  async load(): Promise<void> {
    try {
      this.datasets = await client.datasets.list({});
      this.error = null;
    } catch (error) {
      this.error = toCupbearerError(error).message;
    }
  }

  async download(dataset: DatasetSummary): Promise<void> {
    const { name, title } = dataset;
    if (this.#stops.has(name)) return;
    const stop = new AbortController();
    this.#stops.set(name, stop);
    this.failures = new Map([...this.failures].filter(([other]) => other !== name));
    this.#progress(name, { done: 0, total: dataset.downloadBytes ?? 0, file: '', finished: false });
    try {
      const states = await client.datasets.download({ name }, { signal: stop.signal });
      for await (const state of states) this.#progress(name, state);
      toasts.show({ message: `${title} is on disk and was checked.` });
    } catch (error) {
      const { code, message, hint } = toCupbearerError(error);
      if (code !== 'cancelled' && !stop.signal.aborted)
        this.failures = new Map([...this.failures, [name, [message, hint].filter(Boolean).join(' ')]]);
    } finally {
      this.#stops.delete(name);
      this.downloads = new Map([...this.downloads].filter(([other]) => other !== name));
      await this.load();
    }
  }

  /** Stops a download. What has arrived is kept, and the next download resumes there. */
  cancel(name: string): void {
    this.#stops.get(name)?.abort();
  }

  #progress(name: string, state: DownloadState): void {
    this.downloads = new Map([...this.downloads, [name, state]]);
  }
}

export const library = new Library();
