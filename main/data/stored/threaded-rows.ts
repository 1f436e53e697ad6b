import { ownProcessors } from '../../tensor/threads/processors.ts';
import { AnsweringThread, startThreads } from '../threads/answering-thread.ts';
import { RowReader, type StoredRows } from './stored-rows.ts';

/** Samples of a layer that a thread is asked for. */
export interface RowRequest {
  readonly layer: string;
  readonly indices: Float64Array;
}

/** Fewer numbers than these are read at once: to ask a thread takes as long. */
const leastNumbers = 2 ** 16;

/** Reads stored activations, large parts of them on a thread, so that a caller that reads ahead can work meanwhile. */
export class ThreadedRows {
  readonly #rows: StoredRows;
  readonly #here: RowReader;
  readonly #threads: AnsweringThread<RowRequest, Float32Array<ArrayBuffer>>[] = [];
  #starting: Promise<void> | undefined;
  #isClosed = false;

  constructor(rows: StoredRows) {
    this.#rows = rows;
    this.#here = new RowReader(rows);
  }

  /** Resolves with the samples at `indices`. @throws CupbearerError as {@link RowReader.read}. */
  async read(layer: string, indices: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>> {
    const isLarge = this.#here.count(layer, indices) >= leastNumbers;
    if (isLarge && ownProcessors() > 1 && !this.#isClosed) {
      this.#starting ??= this.#start();
      const [thread] = this.#threads;
      if (thread) return thread.ask({ layer, indices: Float64Array.from(indices) });
    }
    return this.#here.read(layer, indices);
  }

  close(): void {
    this.#isClosed = true;
    this.#here.close();
    void this.#starting?.then(() => Promise.all(this.#threads.splice(0).map((thread) => thread.close())));
  }

  #start(): Promise<void> {
    return startThreads(
      this.#threads,
      1,
      () => new AnsweringThread(new URL('./rows-worker.ts', import.meta.url), this.#rows),
    );
  }
}
