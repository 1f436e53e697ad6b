import { parentPort, Worker } from 'node:worker_threads';
import { CupbearerError, fromErrorRecord, toErrorRecord, type ErrorRecord } from '../../../shared/errors.ts';

/** What a thread sends: one message to begin with, then one for each question, in their order. */
type Message<A> = { ready: true } | { answer: A } | { error: ErrorRecord };

interface Waiting<A> {
  resolve(answer: A): void;
  reject(error: Error): void;
}

/** Questions that each thread is asked before their answers are taken; bounds the memory of the answers. */
const aheadOfEach = 2;

/** A worker thread that answers one question after another; `entry` calls {@link answerQuestions}. */
export class AnsweringThread<Q, A> {
  /** Resolves when it can be asked; rejects if it could not start. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting: Waiting<A>[] = [];

  constructor(entry: URL, workerData: unknown) {
    this.#worker = new Worker(entry, { workerData });
    // The work that asks keeps the process alive, not this.
    this.#worker.unref();
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: Message<A>) => {
        if ('ready' in message) resolve();
        else if ('answer' in message) this.#waiting.shift()?.resolve(message.answer);
        else this.#waiting.shift()?.reject(fromErrorRecord(message.error));
      });
      const fail = (error: Error) => {
        reject(error);
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
      };
      this.#worker.on('error', fail);
      this.#worker.on('exit', () => fail(new CupbearerError('internal', 'A thread that reads data has ended.')));
    });
    // Those who wait on it see the rejection.
    this.ready.catch(() => undefined);
  }

  /** How many questions it has not answered yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** @throws CupbearerError what answering it throws; `internal` if the thread has ended. */
  ask(question: Q): Promise<A> {
    const asking = new Promise<A>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // One that was asked ahead may fail before anyone waits for it.
    asking.catch(() => undefined);
    this.#worker.postMessage(question);
    return asking;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** In the thread itself: answers questions one after another, and transfers the memory that `owned` returns. */
export function answerQuestions<Q, A>(
  answer: (question: Q) => A | Promise<A>,
  owned: (answer: A) => ArrayBuffer[],
): void {
  const port = parentPort!;
  const send = (message: Message<A>, given: ArrayBuffer[] = []) => port.postMessage(message, given);
  let last = Promise.resolve();
  port.on('message', (question: Q) => {
    last = last.then(async () => {
      try {
        const found = await answer(question);
        send({ answer: found }, owned(found));
      } catch (error) {
        send({ error: toErrorRecord(error) });
      }
    });
  });
  send({ ready: true });
}

/** Starts threads and adds each to `threads` once it can be asked; one that cannot start is left out. */
export async function startThreads<T extends AnsweringThread<never, unknown>>(
  threads: T[],
  count: number,
  start: () => T,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const thread = start();
      try {
        await thread.ready;
        threads.push(thread);
      } catch {
        // Without threads the caller does everything itself, more slowly but with the same bits.
        await thread.close();
      }
    }),
  );
}

/**
 * The answers to all questions in their order: from the `threads` there are by then, which are asked ahead, else from
 * `here`.
 * @throws CupbearerError what answering throws.
 */
export async function* answersInOrder<Q, A>(
  questions: Iterable<Q>,
  threads: readonly AnsweringThread<Q, A>[],
  here: (question: Q) => A | Promise<A>,
): AsyncGenerator<{ question: Q; answer: A }> {
  const ahead: { question: Q; asking: Promise<A> }[] = [];
  const source = questions[Symbol.iterator]();
  for (;;) {
    const thread = idlest(threads);
    const next = thread === undefined && ahead.length > 0 ? undefined : source.next();
    if (next?.done === false) {
      const question = next.value;
      if (thread !== undefined) ahead.push({ question, asking: thread.ask(question) });
      else yield { question, answer: await here(question) };
      continue;
    }
    const first = ahead.shift();
    if (first === undefined) return;
    yield { question: first.question, answer: await first.asking };
  }
}

/** Returns the thread with the fewest open questions, if one may be asked another. */
function idlest<Q, A>(threads: readonly AnsweringThread<Q, A>[]): AnsweringThread<Q, A> | undefined {
  const best = threads.reduce<AnsweringThread<Q, A> | undefined>(
    (found, thread) => (found === undefined || thread.pending < found.pending ? thread : found),
    undefined,
  );
  return best !== undefined && best.pending < aheadOfEach ? best : undefined;
}
