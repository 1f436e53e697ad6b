import { epochSchema, logLineSchema, stepSchema, type RunNews } from '../../../shared/domain/live.ts';
import { stepsFile } from '../../runs/step-curve.ts';
import { historyFile } from '../../runs/training-history.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { JsonLinesTail } from '../../storage/json-lines-tail.ts';
import { within } from '../../storage/within-folder.ts';
import { breath } from '../breath.ts';

/** How often three file sizes are compared: an epoch or a log line shows up within a quarter of a second. */
const lookMs = 250;

/**
 * Yields the training curve and the log of a run: first what exists, then what is added, until the run has ended or
 * `signal` aborts. Reads files only, so that it can follow runs of other processes. @throws CupbearerError `not-found`.
 */
export async function* followRun(catalogue: Catalogue, id: string, signal: AbortSignal): AsyncGenerator<RunNews, void> {
  const { folder } = catalogue.get(id);
  const tailOf = (name: string) => new JsonLinesTail(within(folder, name));
  const [curve, course, log] = [tailOf(historyFile), tailOf(stepsFile), tailOf('log.jsonl')];
  while (!signal.aborted) {
    // Checked before the files are read, so that nothing written before the end is missed.
    const { status } = catalogue.get(id);
    const epochs = curve.read().flatMap((line) => epochSchema.safeParse(line).data ?? []);
    if (epochs.length > 0) yield { type: 'epochs', epochs };
    const steps = course.read().flatMap((line) => stepSchema.safeParse(line).data ?? []);
    if (steps.length > 0) yield { type: 'steps', steps };
    const lines = log.read().flatMap((line) => logLineSchema.safeParse(line).data ?? []);
    if (lines.length > 0) yield { type: 'log', lines };
    if (curve.hasMore || course.hasMore || log.hasMore) {
      await breath();
      continue;
    }
    if (status !== 'running' && status !== 'queued') return;
    if (!(await pause(lookMs, signal))) return;
  }
}

/** Resolves with whether the time passed without `signal` aborting. */
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
