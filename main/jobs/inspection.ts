import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../inspections/index.ts';
import type { ChildProcess, ProcessEnd, ProcessLauncher } from './child-process.ts';
import { deadlyEngines, howItEnded, OpeningFollower } from './deadly-engines.ts';
import type { Asked, FromInspection, InspectionProgress, ToInspection } from './inspection-protocol.ts';

const entry = fileURLToPath(new URL('./inspection-process.ts', import.meta.url));

/** How long an idle process is kept; it holds data in memory. */
const idleMs = 5 * 60_000;

/** The same for one that holds GPU memory, which others may need. Consecutive questions still find its engine. */
const idleOnGpuMs = 10_000;

/** Options of a question. */
interface AskOptions {
  /** Where datasets are. */
  dataDir: string;
  /** Cancels the question. */
  signal?: AbortSignal | undefined;
  /** Called with the progress, at most ten times a second. */
  onProgress?: (progress: InspectionProgress) => void;
}

interface Pending {
  asked: Asked;
  onProgress: ((progress: InspectionProgress) => void) | undefined;
  resolve: (answer: Answer<InspectionName>) => void;
  reject: (error: Error) => void;
}

/** A process that answers questions. */
interface Worker {
  child: ChildProcess<ToInspection, FromInspection>;
  engines: OpeningFollower;
  /** Its unanswered questions, by number. */
  pending: Map<number, Pending>;
  /** Resolves when the process has ended and released its resources. */
  gone: Promise<void>;
}

/**
 * Answers questions that need data or an engine, so that the host itself never computes. The first question starts a
 * process, which is kept for the following ones and ended after some idle minutes, or seconds if it holds GPU memory.
 * If it dies, the questions that it was working on fail, and the next one starts another process. If an engine ended
 * it, they are retried in a process that does not load that engine.
 */
export class Inspector {
  readonly #launch: ProcessLauncher;
  readonly #idleMs: number;
  readonly #idleOnGpuMs: number;
  #worker: Worker | undefined;
  /** Processes that get no more questions but still have some to answer. */
  readonly #retired = new Set<Worker>();
  #idle: NodeJS.Timeout | undefined;
  #number = 0;
  #closed = false;

  constructor(launch: ProcessLauncher, options: { idleMs?: number; idleOnGpuMs?: number } = {}) {
    this.#launch = launch;
    this.#idleMs = options.idleMs ?? idleMs;
    this.#idleOnGpuMs = options.idleOnGpuMs ?? idleOnGpuMs;
  }

  /** Whether a process is kept. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Resolves with the answer to a question about the data in `dataDir`.
   * @throws CupbearerError what the question's function throws; `cancelled` if `signal` aborts; `crashed` if the
   * process died working on it.
   */
  async ask<N extends InspectionName>(name: N, question: Question<N>, options: AskOptions): Promise<Answer<N>> {
    const { dataDir, signal, onProgress } = options;
    if (signal?.aborted || this.#closed) throw new CupbearerError('cancelled', 'Cancelled.');
    const number = ++this.#number;
    const cancel = () => this.#cancel(number);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<Answer<N>>((resolve, reject) => {
        // The process answers a question of this name with its type of answer.
        this.#put({
          asked: { number, name, question, dataDir },
          onProgress,
          resolve: (answer) => resolve(answer as Answer<N>),
          reject,
        });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /**
   * Ends a process that holds GPU memory after its current questions, and resolves when it is gone; immediately if
   * there is none. Later questions go to another process.
   */
  async releaseGpu(): Promise<void> {
    const worker = this.#worker;
    if (!worker?.engines.holdsGpu) return;
    this.#worker = undefined;
    clearTimeout(this.#idle);
    this.#retired.add(worker);
    if (worker.pending.size === 0) worker.child.kill();
    await worker.gone;
  }

  /** Ends the process. Cancels its questions and refuses later ones. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    const workers = this.#workers;
    this.#worker = undefined;
    for (const worker of workers) {
      rejectAll(worker, new CupbearerError('cancelled', 'Cancelled.'));
      worker.child.kill();
    }
  }

  get #workers(): Worker[] {
    return [...this.#retired, ...(this.#worker ? [this.#worker] : [])];
  }

  #put(pending: Pending): void {
    clearTimeout(this.#idle);
    const { child, pending: all } = (this.#worker ??= this.#start());
    all.set(pending.asked.number, pending);
    child.send({ type: 'ask', ...pending.asked, avoid: deadlyEngines() });
  }

  #cancel(number: number): void {
    const worker = this.#workers.find(({ pending }) => pending.has(number));
    if (!worker) return;
    worker.child.send({ type: 'cancel', number });
    this.#settle(worker, number)?.reject(new CupbearerError('cancelled', 'Cancelled.'));
  }

  #start(): Worker {
    const child = this.#launch<ToInspection, FromInspection>(entry);
    let leave = () => {};
    const gone = new Promise<void>((resolve) => (leave = resolve));
    const worker: Worker = { child, engines: new OpeningFollower(), pending: new Map(), gone };
    child.onMessage((message) => {
      if (message.type === 'opening' || message.type === 'opened')
        worker.engines.hear(message, (noted) => child.send(noted));
      else if (message.type === 'progress') {
        const { phase, done, total } = message;
        worker.pending.get(message.number)?.onProgress?.({ phase, done, total });
      } else {
        const pending = this.#settle(worker, message.number);
        if (message.type === 'answer') pending?.resolve(message.answer);
        else pending?.reject(fromErrorRecord(message.error));
      }
    });
    child.onEnd((end) => {
      leave();
      this.#forget(worker);
      const isBlamed = worker.engines.blame(end) !== undefined;
      if (!isBlamed || this.#closed) return rejectAll(worker, crash(end));
      for (const pending of worker.pending.values()) this.#put(pending);
    });
    return worker;
  }

  #forget(worker: Worker): void {
    this.#retired.delete(worker);
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    clearTimeout(this.#idle);
  }

  /** Removes and returns a question; undefined if it was cancelled before. */
  #settle(worker: Worker, number: number): Pending | undefined {
    const pending = worker.pending.get(number);
    worker.pending.delete(number);
    if (worker.pending.size === 0) this.#waitForMore(worker);
    return pending;
  }

  #waitForMore(worker: Worker): void {
    if (this.#retired.has(worker)) return worker.child.kill();
    if (this.#worker !== worker) return;
    clearTimeout(this.#idle);
    const end = () => {
      this.#forget(worker);
      worker.child.kill();
    };
    this.#idle = setTimeout(end, worker.engines.holdsGpu ? this.#idleOnGpuMs : this.#idleMs).unref();
  }
}

function rejectAll({ pending }: Worker, error: Error): void {
  const all = [...pending.values()];
  pending.clear();
  for (const { reject } of all) reject(error);
}

function crash(end: ProcessEnd): CupbearerError {
  const { code, signal, errorOutput, cause } = end;
  const how = cause ? `could not be started: ${cause.message}` : howItEnded(end);
  return new CupbearerError('crashed', `The process that reads data ${how}.`, {
    hint: 'It is restarted when it is needed again. Perhaps the system ran out of memory.',
    details: { code, signal, errorOutput },
  });
}
