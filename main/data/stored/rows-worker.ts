/** Entry point of a worker thread that reads stored activations and decodes them. */
import { workerData } from 'node:worker_threads';
import { answerQuestions } from '../threads/answering-thread.ts';
import { RowReader, type StoredRows } from './stored-rows.ts';
import type { RowRequest } from './threaded-rows.ts';

const reader = new RowReader(workerData as StoredRows);
answerQuestions<RowRequest, Float32Array<ArrayBuffer>>(
  ({ layer, indices }) => reader.read(layer, indices),
  ({ buffer }) => [buffer],
);
