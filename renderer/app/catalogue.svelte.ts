import type { CatalogueEvent, LiveState, RunSummary } from '../../shared/domain/live.ts';
import { client } from './client.ts';
import { keepFollowing } from './keep-following.ts';
import { toasts } from './toasts.svelte.ts';

/** All runs and how far the unfinished ones are, kept up to date by `runs.watch`; starts again when the stream ends. */
class Catalogue {
  /** Replaced as a whole by every change, never changed in place. */
  runs = $state.raw<ReadonlyMap<string, RunSummary>>(new Map());
  live = $state.raw<ReadonlyMap<string, LiveState>>(new Map());
  /** Whether the first account is complete. */
  loaded = $state(false);

  readonly #counts = $derived.by(() => {
    const counts = { running: 0, waiting: 0, archived: 0 };
    for (const { status, archived } of this.runs.values()) {
      if (status === 'running') counts.running++;
      else if (status === 'queued') counts.waiting++;
      else if (archived) counts.archived++;
    }
    return counts;
  });
  readonly running = $derived(this.#counts.running);
  readonly waiting = $derived(this.#counts.waiting);
  /** Archived runs that have ended; a running one is shown even if it is archived. */
  readonly archived = $derived(this.#counts.archived);

  /** Follows the catalogue until the signal says to stop. */
  watch(signal: AbortSignal): Promise<void> {
    return keepFollowing(signal, () => this.#follow(signal));
  }

  async #follow(signal: AbortSignal): Promise<void> {
    // After an interruption the whole account is collected first, because runs may have been removed in the meantime.
    let account: Map<string, RunSummary> | undefined = new Map();
    const stream = await client.runs.watch({}, { signal });
    for await (const event of stream) {
      if (account && event.type === 'runs') {
        for (const run of event.runs) account.set(run.id, run);
        // Of many parts each second one would be drawn for nothing: what is shown doubles until all are there.
        const isWorthShowing = !this.loaded && account.size >= 2 * this.runs.size;
        if (event.complete || isWorthShowing) this.runs = event.complete ? account : new Map(account);
        if (event.complete) {
          account = undefined;
          this.loaded = true;
        }
      } else this.#apply(event);
    }
  }

  #apply(event: CatalogueEvent): void {
    switch (event.type) {
      case 'runs': {
        const runs = new Map(this.runs);
        for (const run of event.runs) runs.set(run.id, run);
        this.runs = runs;
        break;
      }
      case 'removed': {
        const runs = new Map(this.runs);
        for (const id of event.ids) runs.delete(id);
        this.runs = runs;
        break;
      }
      case 'live':
        this.live = new Map(event.live.map((state) => [state.id, state]));
        break;
      case 'notice':
        toasts.show({ message: event.message });
    }
  }
}

export const catalogue = new Catalogue();
