import { fileURLToPath } from 'node:url';
import { CupbearerError, fromErrorRecord } from '../../shared/errors.ts';
import type { Answer, InspectionName, Question } from '../experiments/inspections/index.ts';
import type { ChildProcess, ProcessEnd, ProcessLauncher } from './child-process.ts';
import type { FromInspection, ToInspection } from './inspection-protocol.ts';

const entry = fileURLToPath(new URL('./inspection-process.ts', import.meta.url));

/** How long a process without questions is kept: it holds data in memory. */
const idleMs = 5 * 60_000;

interface Pending {
  resolve: (answer: Answer<InspectionName>) => void;
  reject: (error: Error) => void;
}

type Child = ChildProcess<ToInspection, FromInspection>;

/**
 * Answers questions that need data or an engine, so that the host itself never computes. A process is started for the first
 * one, kept for those that follow, and ended when none has come for some minutes. Where it dies, questions that it was
 * working on fail, and the next one starts another.
 */
export class Inspector {
  readonly #launch: ProcessLauncher;
  readonly #idleMs: number;
  readonly #pending = new Map<number, Pending>();
  #child: Child | undefined;
  #idle: NodeJS.Timeout | undefined;
  #number = 0;
  #closed = false;

  constructor(launch: ProcessLauncher, options: { idleMs?: number } = {}) {
    this.#launch = launch;
    this.#idleMs = options.idleMs ?? idleMs;
  }

  /** Whether a process is kept. */
  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /**
   * The answer to a question about the data in `dataDir`.
   * @throws CupbearerError what the question's function throws; `cancelled` once `signal` is given; `crashed` where the
   *   process died over it.
   */
  async ask<N extends InspectionName>(
    name: N,
    question: Question<N>,
    options: { dataDir: string; signal?: AbortSignal | undefined },
  ): Promise<Answer<N>> {
    const { dataDir, signal } = options;
    if (signal?.aborted || this.#closed) throw new CupbearerError('cancelled', 'Cancelled.');
    const number = ++this.#number;
    clearTimeout(this.#idle);
    const child = (this.#child ??= this.#start());
    const cancel = () => {
      child.send({ type: 'cancel', number });
      this.#settle(number)?.reject(new CupbearerError('cancelled', 'Cancelled.'));
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<Answer<N>>((resolve, reject) => {
        // The process answers a question of this name, so with an answer to it.
        this.#pending.set(number, { resolve: (answer) => resolve(answer as Answer<N>), reject });
        child.send({ type: 'ask', number, name, question, dataDir });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the process; questions that it was working on are cancelled, later ones refused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = undefined;
    this.#rejectAll(new CupbearerError('cancelled', 'Cancelled.'));
    child?.kill();
  }

  #start(): Child {
    const child = this.#launch<ToInspection, FromInspection>(entry);
    child.onMessage((message) => {
      const pending = this.#settle(message.number);
      if (message.type === 'answer') pending?.resolve(message.answer);
      else pending?.reject(fromErrorRecord(message.error));
    });
    child.onEnd((end) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      clearTimeout(this.#idle);
      this.#rejectAll(crash(end));
    });
    return child;
  }

  /** Takes a question off the list; undefined where it was cancelled before. */
  #settle(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (this.#pending.size === 0 && this.#child) this.#waitForMore(this.#child);
    return pending;
  }

  #waitForMore(child: Child): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#child !== child) return;
      this.#child = undefined;
      child.kill();
    }, this.#idleMs).unref();
  }

  #rejectAll(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }
}

function crash({ code, signal, errorOutput, cause }: ProcessEnd): CupbearerError {
  const how = cause
    ? `could not be started: ${cause.message}`
    : signal
      ? `was ended by ${signal}`
      : `ended with code ${code}`;
  return new CupbearerError('crashed', `The process that looks into data ${how}.`, {
    hint: 'It is started anew by the next question; perhaps the system ran out of memory.',
    details: { code, signal, errorOutput },
  });
}
