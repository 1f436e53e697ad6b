import { ownProcessors } from '../../tensor/threads/processors.ts';
import { answersInOrder, startThreads } from './answering-thread.ts';
import type { Batch, Dataset } from '../dataset.ts';
import { WorkerReader, type ReadRequest } from './worker-reader.ts';

/** More threads than this wait for one another's memory rather than read. */
const mostWorkers = 4;
/** Read on the work's own thread to measure whether threads pay. */
const measured = 24;
/**
 * Threads pay if reading takes at least this share of the time, and the rest of the reading takes at least this long.
 */
const leastShare = 0.08;
const leastMs = 1500;

interface Options {
  /** How many threads read; measured unless given, 0 for none. */
  workers?: number;
  /** How many batches will be read in all. */
  expected: number;
}

/**
 * Reads a dataset batch by batch ahead of the work that takes them: on worker threads if that pays, otherwise in
 * between. What is read does not depend on it, bit for bit: a sample is a function of (the dataset's spec, epoch,
 * index).
 */
export class BatchReader {
  readonly #dataset: Dataset;
  readonly #expected: number;
  readonly #fixed: number | undefined;
  #read = 0;
  #readMs = 0;
  #startedAt = 0;
  readonly #workers: WorkerReader[] = [];
  #starting: Promise<void> | undefined;
  /** Whether it was decided if threads are started. */
  #decided = false;

  constructor(dataset: Dataset, options: Options) {
    this.#dataset = dataset;
    this.#expected = options.expected;
    this.#fixed = options.workers;
  }

  /** How many threads read. */
  get workers(): number {
    return this.#workers.length;
  }

  /**
   * The batches of `order` (indices of samples, batch after batch) in an epoch.
   * @throws CupbearerError as `Dataset.read`.
   */
  async *batches(order: Iterable<Int32Array>, epoch: number): AsyncGenerator<{ indices: Int32Array; batch: Batch }> {
    if (this.#fixed !== undefined) await this.#start(this.#fixed);
    const requests = (function* () {
      for (const indices of order) yield { indices, epoch };
    })();
    const here = ({ indices }: ReadRequest) => this.#readHere(indices, epoch);
    for await (const { question, answer } of answersInOrder(requests, this.#workers, here)) {
      yield { indices: question.indices, batch: answer };
    }
  }

  /** Ends the threads, also those that are just starting. */
  async close(): Promise<void> {
    this.#decided = true;
    await this.#starting;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.close()));
  }

  #readHere(indices: Int32Array, epoch: number): Batch {
    const start = performance.now();
    if (this.#read === 1) {
      // The first batch compiles.
      this.#startedAt = start;
      this.#readMs = 0;
    }
    const batch = this.#dataset.read(indices, epoch);
    this.#readMs += performance.now() - start;
    if (++this.#read === measured && !this.#decided) void this.#start(this.#wanted());
    return batch;
  }

  /** How many threads keep up with the work, by what reading and work have taken so far; 0 if they do not pay. */
  #wanted(): number {
    const perBatch = this.#readMs / (this.#read - 1);
    const work = performance.now() - this.#startedAt - this.#readMs;
    const share = this.#readMs / (this.#readMs + work);
    if (share < leastShare || (this.#expected - this.#read) * perBatch < leastMs) return 0;
    const keepingUp = Math.ceil(this.#readMs / Math.max(work, 1));
    return Math.min(keepingUp, ownProcessors() - 1, mostWorkers);
  }

  /** Starts threads; they are asked once they are ready. */
  async #start(count: number): Promise<void> {
    if (this.#decided) return;
    this.#decided = true;
    const recipe = this.#dataset.recipe?.();
    if (recipe === undefined) return;
    this.#starting = startThreads(this.#workers, count, () => new WorkerReader(recipe));
    await this.#starting;
  }
}
