import type { Epoch, LogLine, Step } from '../../../shared/domain/live.ts';
import type { CupbearerError } from '../../../shared/errors.ts';
import { client, toCupbearerError } from '../../app/client.ts';

const retryMs = 1000;
const firstAccountMs = 500;

/** Training curve and log of a run: what is there, then what comes until it ends. */
export class RunNews {
  epochs = $state.raw<readonly Epoch[]>([]);
  steps = $state.raw<readonly Step[]>([]);
  lines = $state.raw<readonly LogLine[]>([]);
  /** Whether the first account has come. */
  loaded = $state(false);
  failure = $state.raw<CupbearerError>();

  /** Follows the run until it ends or the signal aborts. Starts again if the connection was lost. */
  async follow(id: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // After a loss the account starts over.
      let [epochs, steps, lines]: [Epoch[], Step[], LogLine[]] = [[], [], []];
      try {
        const stream = await client.runs.follow({ id }, { signal });
        // A run that has just started has no events yet, so empty parts may be shown as empty.
        setTimeout(() => (this.loaded = true), firstAccountMs);
        for await (const event of stream) {
          if (event.type === 'epochs') this.epochs = epochs = merged(epochs, event.epochs);
          else if (event.type === 'steps') this.steps = steps = mergedSteps(steps, event.steps);
          else this.lines = lines = [...lines, ...event.lines];
          this.loaded = true;
          this.failure = undefined;
        }
        this.loaded = true;
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

/** Points that are kept: far more than a training of this program writes. */
const mostSteps = 20_000;

/** As {@link merged}. */
function mergedSteps(before: readonly Step[], next: readonly Step[]): Step[] {
  const first = next[0]?.step ?? Infinity;
  return [...before.filter(({ step }) => step < first), ...next].slice(-mostSteps);
}

/** A resumed training reports an epoch again; the later report counts. */
function merged(before: readonly Epoch[], next: readonly Epoch[]): Epoch[] {
  const first = next[0]?.epoch ?? Infinity;
  return [...before.filter(({ epoch }) => epoch < first), ...next];
}
