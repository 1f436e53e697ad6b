/** Entry point of a worker thread that reads batches of a dataset, which it makes from the recipe it is started with. */
import { workerData } from 'node:worker_threads';
import { answerQuestions } from './answering-thread.ts';
import type { Batch, DatasetRecipe } from '../dataset.ts';
import type { ReadRequest } from './worker-reader.ts';
import { fromRecipe } from '../recipes.ts';

const dataset = fromRecipe(workerData as DatasetRecipe);
answerQuestions<ReadRequest, Batch>(
  ({ indices, epoch }) => dataset.read(indices, epoch),
  ({ inputs, labels }) => [inputs.buffer as ArrayBuffer, labels.buffer as ArrayBuffer],
);
