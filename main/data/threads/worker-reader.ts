import { AnsweringThread } from './answering-thread.ts';
import type { Batch, DatasetRecipe } from '../dataset.ts';

/** A batch that a thread is asked for. */
export interface ReadRequest {
  readonly indices: Int32Array;
  readonly epoch: number;
}

/** A worker thread that reads batches of one dataset; `ask` throws as `Dataset.read`. */
export class WorkerReader extends AnsweringThread<ReadRequest, Batch> {
  constructor(recipe: DatasetRecipe) {
    super(new URL('./batch-worker.ts', import.meta.url), recipe);
  }
}
