import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fromErrorRecord, type ErrorRecord } from '../../shared/errors.ts';
import type { MarksChange } from './run-marks.ts';

interface MarkRequest {
  /** The catalogue's file. */
  path: string;
  ids: readonly string[];
  change: MarksChange;
}

/** What the thread is started with. */
export type CatalogueRequest = ({ work: 'mark' } & MarkRequest) | { work: 'check'; path: string };

/** What it answers. */
export type CatalogueAnswer = { result: string | null } | { error: ErrorRecord };

/**
 * Marks runs in a thread with its own connection, so that one transaction over thousands of rows does not block this
 * thread. If the other thread ends early, nothing is changed.
 * @throws CupbearerError as `Catalogue.mark`.
 */
export async function markInThread(request: MarkRequest): Promise<void> {
  await inThread({ work: 'mark', ...request });
}

/**
 * Reads all of a catalogue, in a thread with its own connection, and resolves with what SQLite finds: "ok", or what is
 * damaged. @throws CupbearerError as `Catalogue.health`.
 */
export async function checkInThread(path: string): Promise<string> {
  return (await inThread({ work: 'check', path })) ?? '';
}

async function inThread(request: CatalogueRequest): Promise<string | null> {
  const worker = new Worker(new URL('./catalogue-thread.ts', import.meta.url), { workerData: request });
  const [answer] = (await once(worker, 'message')) as [CatalogueAnswer];
  if ('error' in answer) throw fromErrorRecord(answer.error);
  return answer.result;
}
