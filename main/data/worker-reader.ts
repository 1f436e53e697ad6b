import { Worker } from 'node:worker_threads';
import { CupbearerError, fromErrorRecord, type ErrorRecord } from '../../shared/errors.ts';
import type { Batch, DatasetRecipe } from './dataset.ts';

/** What a worker is asked for, and its answers: one to begin with, then one for each request, in their order. */
export interface ReadRequest {
  indices: Int32Array;
  epoch: number;
}
export type ReadAnswer = { ready: true } | { batch: Batch } | { error: ErrorRecord };

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

/** A worker thread that reads batches of one dataset. */
export class WorkerReader {
  /** Resolves once it has made its dataset; rejects where it could not. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];

  constructor(recipe: DatasetRecipe) {
    this.#worker = new Worker(new URL('./batch-worker.ts', import.meta.url), { workerData: recipe });
    // The work that reads keeps the process alive, not this.
    this.#worker.unref();
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (answer: ReadAnswer) => {
        if ('ready' in answer) resolve();
        else if ('batch' in answer) this.#waiting.shift()?.resolve(answer.batch);
        else this.#waiting.shift()?.reject(fromErrorRecord(answer.error));
      });
      const fail = (error: Error) => {
        reject(error);
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
      };
      this.#worker.on('error', fail);
      this.#worker.on('exit', () => fail(new CupbearerError('internal', 'A thread that reads data has ended.')));
    });
    // Whoever waits hears of it.
    this.ready.catch(() => undefined);
  }

  /** How many batches it was asked for that it has not given yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Asks for a batch. @throws CupbearerError as `Dataset.read`; `internal` where the thread has ended. */
  read(indices: Int32Array, epoch: number): Promise<Batch> {
    const reading = new Promise<Batch>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // A batch that was asked for ahead may fail before anyone waits for it.
    reading.catch(() => undefined);
    this.#worker.postMessage({ indices, epoch } satisfies ReadRequest);
    return reading;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
