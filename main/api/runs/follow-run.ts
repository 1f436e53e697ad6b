import { epochSchema, logLineSchema, stepsSchema, type RunNews } from '../../../shared/domain/live.ts';
import { historyFile, stepsFile } from '../../runs/training-history.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { JsonLinesTail } from '../../storage/json-lines-tail.ts';
import { within } from '../../storage/within-folder.ts';
import { breath } from '../breath.ts';

/** A look at two file sizes; an epoch or a line of the log is seen a quarter of a second after it was written. */
const lookMs = 250;

/**
 * The training curve and the log of a run: what is there, then what comes, until the run has ended or `signal` is given.
 * Works on files alone, so it follows runs of other processes too. @throws CupbearerError `not-found`.
 */
export async function* followRun(catalogue: Catalogue, id: string, signal: AbortSignal): AsyncGenerator<RunNews, void> {
  const { folder } = catalogue.get(id);
  const tail = (name: string) => new JsonLinesTail(within(folder, name));
  const [curve, steps, log] = [tail(historyFile), tail(stepsFile), tail('log.jsonl')];
  while (!signal.aborted) {
    // Asked before the files are read: what was written before the end must not be missed.
    const { status } = catalogue.get(id);
    const epochs = curve.read().flatMap((line) => epochSchema.safeParse(line).data ?? []);
    if (epochs.length > 0) yield { type: 'epochs', epochs };
    const losses = steps.read().flatMap((line) => stepsSchema.safeParse(line).data ?? []);
    if (losses.length > 0) yield { type: 'steps', steps: losses };
    const lines = log.read().flatMap((line) => logLineSchema.safeParse(line).data ?? []);
    if (lines.length > 0) yield { type: 'log', lines };
    if (curve.hasMore || steps.hasMore || log.hasMore) {
      await breath();
      continue;
    }
    if (status !== 'running' && status !== 'queued') return;
    if (!(await pause(lookMs, signal))) return;
  }
}

/** Whether the time has passed without `signal` being given. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(isOver);
    };
    const onAbort = () => end(false);
    const timer = setTimeout(() => end(true), ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
