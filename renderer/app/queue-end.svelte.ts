import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { experimentEnd } from '../../shared/experiment-end.ts';

/** What ended while nobody looked at the page, for its title: a browser shows that of a page in the background. */
class QueueEnd {
  /** "" if nothing has. */
  news = $state('');
  readonly #active = new Set<string>();

  /** Compares the experiments with those of the last call. `isSeen`: whether the page is looked at. */
  follow(experiments: readonly ExperimentSummary[], isSeen: boolean): void {
    for (const { id, name, state, counts } of experiments) {
      const isActive = state !== 'idle';
      if (!isActive && this.#active.has(id) && !isSeen) this.news = `${experimentEnd(counts)}: ${name}`;
      if (isActive) this.#active.add(id);
      else this.#active.delete(id);
    }
  }

  /** The page is looked at. */
  see(): void {
    this.news = '';
  }
}

export const queueEnd = new QueueEnd();
