/** Entry point of a worker thread that reads batches of a dataset, which it makes from the recipe it is started with. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorRecord } from '../../shared/errors.ts';
import type { DatasetRecipe } from './dataset.ts';
import type { ReadAnswer, ReadRequest } from './worker-reader.ts';
import { fromRecipe } from './recipes.ts';

const dataset = fromRecipe(workerData as DatasetRecipe);
const port = parentPort!;

function answer(message: ReadAnswer, transferred: ArrayBuffer[] = []): void {
  port.postMessage(message, transferred);
}

port.on('message', ({ indices, epoch }: ReadRequest) => {
  try {
    const batch = dataset.read(indices, epoch);
    answer({ batch }, [batch.inputs.buffer as ArrayBuffer, batch.labels.buffer as ArrayBuffer]);
  } catch (error) {
    answer({ error: toErrorRecord(error) });
  }
});
answer({ ready: true });
