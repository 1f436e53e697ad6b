/** Entry of the thread that `catalogue-in-thread.ts` starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorRecord } from '../../shared/errors.ts';
import type { CatalogueAnswer, CatalogueRequest } from './catalogue-in-thread.ts';
import { openOnceMore } from './open-catalogue.ts';

const request = workerData as CatalogueRequest;

function answer(): CatalogueAnswer {
  try {
    const catalogue = openOnceMore(request.path);
    try {
      if (request.work === 'check') return { result: catalogue.health().quickCheck };
      catalogue.mark(request.ids, request.change);
      return { result: null };
    } finally {
      catalogue.close();
    }
  } catch (error) {
    return { error: toErrorRecord(error) };
  }
}

parentPort!.postMessage(answer());
