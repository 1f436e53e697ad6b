import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fromErrorRecord, type ErrorRecord } from '../../shared/errors.ts';
import type { MarksChange } from './run-marks.ts';

/** What the thread is started with. */
export interface MarkRequest {
  /** The catalogue's file. */
  path: string;
  ids: readonly string[];
  change: MarksChange;
}

/**
 * Marks runs in a thread with its own connection, so that one transaction over thousands of rows does not block this
 * thread. If the other thread ends early, nothing is changed.
 * @throws CupbearerError as `Catalogue.mark`.
 */
export async function markInThread(request: MarkRequest): Promise<void> {
  const worker = new Worker(new URL('./mark-thread.ts', import.meta.url), { workerData: request });
  const [error] = (await once(worker, 'message')) as [ErrorRecord | null];
  if (error) throw fromErrorRecord(error);
}
