import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { client } from './client.ts';
import { keepFollowing } from './keep-following.ts';

/** All experiments, newest first, kept up to date by `experiments.watch`; starts again when the stream ends. */
class Experiments {
  /** Replaced as a whole by every change. */
  list = $state.raw<readonly ExperimentSummary[]>([]);
  loaded = $state(false);

  /** Follows the experiments until the signal says to stop. */
  watch(signal: AbortSignal): Promise<void> {
    return keepFollowing(signal, async () => {
      const stream = await client.experiments.watch({}, { signal });
      for await (const account of stream) {
        this.list = account.experiments;
        this.loaded = true;
      }
    });
  }

  /** Returns the experiment; undefined if it is not on the list. */
  withId(id: string): ExperimentSummary | undefined {
    return this.list.find((experiment) => experiment.id === id);
  }
}

export const experiments = new Experiments();
