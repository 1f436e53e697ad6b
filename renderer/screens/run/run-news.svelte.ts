import type { Epoch, LogLine, Steps } from '../../../shared/domain/live.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';

const retryMs = 1000;
const firstAccountMs = 500;

/** Training curve and log of a run: what is there, then what comes until it ends. */
export class RunNews {
  epochs = $state.raw<readonly Epoch[]>([]);
  lines = $state.raw<readonly LogLine[]>([]);
  /** Losses of single steps, as long as the training goes on. */
  steps = $state.raw<readonly Steps[]>([]);
  /** Whether the first account has come. */
  loaded = $state(false);
  failure = $state.raw<CupbearerError>();

  /** Follows the run until it ends or the signal says to stop; starts again where the connection was lost. */
  async follow(id: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // After a loss the account starts over.
      let [epochs, lines, steps]: [Epoch[], LogLine[], Steps[]] = [[], [], []];
      try {
        const stream = await client.runs.follow({ id }, { signal });
        // A run that has just begun has nothing to tell yet: what is empty may be said to be.
        setTimeout(() => (this.loaded = true), firstAccountMs);
        for await (const event of stream) {
          if (event.type === 'epochs') this.epochs = epochs = merged(epochs, event.epochs);
          else if (event.type === 'steps') this.steps = steps = [...steps, ...event.steps];
          else this.lines = lines = [...lines, ...event.lines];
          this.loaded = true;
          this.failure = undefined;
        }
        this.loaded = true;
        this.steps = [];
        return;
      } catch (error) {
        const reason = toCupbearerError(error);
        if (signal.aborted || reason.code === 'cancelled') return;
        this.failure = reason;
        if (reason.code !== 'crashed') return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }
}

/** A resumed training tells an epoch again: the later account holds. */
function merged(before: readonly Epoch[], next: readonly Epoch[]): Epoch[] {
  const first = next[0]?.epoch ?? Infinity;
  return [...before.filter(({ epoch }) => epoch < first), ...next];
}
