import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../inspections/index.ts';
import type { ChildProcess, ProcessEnd, ProcessLauncher } from './child-process.ts';
import { deadlyEngines, howItEnded, OpeningFollower } from './deadly-engines.ts';
import type { Asked, FromInspection, InspectionProgress, ToInspection } from './inspection-protocol.ts';

const entry = fileURLToPath(new URL('./inspection-process.ts', import.meta.url));

/** How long a process without questions is kept: it holds data in memory. */
const idleMs = 5 * 60_000;

/** The same for one that holds a GPU's memory, which others may want; questions in a row still find its engine. */
const idleOnGpuMs = 10_000;

/** With what a question is asked. */
interface AskOptions {
  /** Where datasets are. */
  dataDir: string;
  /** Takes the question back. */
  signal?: AbortSignal | undefined;
  /** Hears how far the answer is, at most ten times a second. */
  onProgress?: (progress: InspectionProgress) => void;
}

interface Pending {
  asked: Asked;
  onProgress: ((progress: InspectionProgress) => void) | undefined;
  resolve: (answer: Answer<InspectionName>) => void;
  reject: (error: Error) => void;
}

/** A process that is at work on questions. */
interface Worker {
  child: ChildProcess<ToInspection, FromInspection>;
  engines: OpeningFollower;
  /** Questions that it has not answered yet, by number. */
  pending: Map<number, Pending>;
  /** Resolves when the process has ended and released what it held. */
  gone: Promise<void>;
}

/**
 * Answers questions that need data or an engine, so that the host itself never computes. A process is started for the
 * first one, kept for those that follow, and ended when none has come for some minutes, or seconds where it holds a
 * GPU's memory. Where it dies, questions that it was working on fail, and the next one starts another; where it was an
 * engine that ended it, they are asked again of a process that does without that engine.
 */
export class Inspector {
  readonly #launch: ProcessLauncher;
  readonly #idleMs: number;
  readonly #idleOnGpuMs: number;
  #worker: Worker | undefined;
  /** Those that get no questions any more, but have some to answer. */
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
   * The answer to a question about the data in `dataDir`.
   * @throws CupbearerError what the question's function throws; `cancelled` once `signal` is given; `crashed` if the
   *   process died over it.
   */
  async ask<N extends InspectionName>(name: N, question: Question<N>, options: AskOptions): Promise<Answer<N>> {
    const { dataDir, signal, onProgress } = options;
    if (signal?.aborted || this.#closed) throw new CupbearerError('cancelled', 'Cancelled.');
    const number = ++this.#number;
    const cancel = () => this.#cancel(number);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<Answer<N>>((resolve, reject) => {
        // The process answers a question of this name, so with an answer to it.
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
   * Has a process that holds a GPU's memory end after the questions that it is at work on, and is kept once it has
   * gone; at once if there is none. Questions that are asked from now on are another process's.
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

  /** Ends the process; questions that it was working on are cancelled, later ones refused. */
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

  /** Takes a question off the list; undefined if it was cancelled before. */
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
  return new CupbearerError('crashed', `The process that looks into data ${how}.`, {
    hint: 'The next question restarts it; perhaps the system ran out of memory.',
    details: { code, signal, errorOutput },
  });
}
