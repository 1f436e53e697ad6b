/** Entry of the thread that {@link import('./mark-in-thread.ts').markInThread} starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorRecord, type ErrorRecord } from '../../shared/errors.ts';
import type { MarkRequest } from './mark-in-thread.ts';
import { openOnceMore } from './open-catalogue.ts';

const { path, ids, change } = workerData as MarkRequest;

function mark(): ErrorRecord | null {
  try {
    const catalogue = openOnceMore(path);
    try {
      catalogue.mark(ids, change);
      return null;
    } finally {
      catalogue.close();
    }
  } catch (error) {
    return toErrorRecord(error);
  }
}

parentPort!.postMessage(mark());
