import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';

/** A run whose result another one needs. */
interface Requirement {
  /** Id of the job. */
  id: string;
  /** Its role for the waiting run, as the beginning of a sentence: "The classifier it builds on". */
  name: string;
}

/** Work to be started when its turn comes. */
export interface QueuedJob {
  id: string;
  /** Jobs that must have succeeded before; those not in the queue count as succeeded. */
  waitsFor: readonly Requirement[];
  /** Does the work; rejects if it fails, and soon after `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Called instead of `start` if the job was cancelled or one that it waits for failed.
   */
  refuse(reason: CupbearerError): void;
}

/** The state of a job. */
interface QueuePlace {
  id: string;
  state: 'waiting' | 'running';
  /** 1 = next to start; null once it runs. */
  position: number | null;
  /** The first job that it still waits for. */
  waitsFor: string | null;
}

/** How often it is checked whether there is room for a job that waits for it. */
const roomLookMs = 2000;

interface Entry {
  job: QueuedJob;
  state: 'waiting' | 'running';
  /** Whether it is about to be cancelled. */
  isHeld: boolean;
  abort: AbortController;
  ended: Promise<void>;
  settle(): void;
}

/**
 * Runs jobs in the order in which they were added, several at once. A job that still waits for another one lets those
 * behind it pass. Knows nothing about processes: a job that dies rejects, and the next one starts.
 */
export class JobQueue {
  /** Jobs by id, in the order in which they were added. */
  readonly #entries = new Map<string, Entry>();
  /** Jobs that wait, or have waited, for the job with this id. */
  readonly #dependants = new Map<string, Set<Entry>>();
  readonly #parallel: () => number;
  readonly #hasRoom: (id: string) => boolean;
  readonly #onChange: () => void;
  #look: NodeJS.Timeout | undefined;

  /**
   * `parallel` and `hasRoom` are called each time a job could start, the latter for one that would be started beside
   * others; `onChange` after every change.
   */
  constructor({
    parallel,
    hasRoom = () => true,
    onChange,
  }: {
    parallel: () => number;
    hasRoom?: (id: string) => boolean;
    onChange: () => void;
  }) {
    this.#parallel = parallel;
    this.#hasRoom = hasRoom;
    this.#onChange = onChange;
  }

  /**
   * Adds jobs at the end and starts those that can start.
   * @throws CupbearerError `conflict` if one is in the queue already.
   */
  add(jobs: readonly QueuedJob[]): void {
    for (const { id } of jobs)
      if (this.has(id)) throw new CupbearerError('conflict', `The run ${id} is waiting or running already.`);
    const entries = jobs.map((job): Entry => {
      let settle = () => {};
      const ended = new Promise<void>((resolve) => (settle = resolve));
      return { job, state: 'waiting', isHeld: false, abort: new AbortController(), ended, settle };
    });
    for (const entry of entries) {
      this.#entries.set(entry.job.id, entry);
      for (const { id } of entry.job.waitsFor) {
        const known = this.#dependants.get(id);
        if (known) known.add(entry);
        else this.#dependants.set(id, new Set([entry]));
      }
    }
    this.#advance();
  }

  /** Resolves when the job has ended, successfully or not; immediately if it is not queued. */
  ended(id: string): Promise<void> {
    return this.#entries.get(id)?.ended ?? Promise.resolve();
  }

  /** Whether a job is waiting or running. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Keeps waiting jobs from starting, because they are about to be cancelled part by part. */
  hold(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry) entry.isHeld = true;
    }
  }

  /**
   * Cancels waiting and running jobs, and those that wait for the waiting ones. A running one ends when it reacts to
   * its signal. Skips ids that are not in the queue. A job that waits for one that is held, too, is cancelled because of that
   * one.
   */
  cancel(ids: readonly string[], reason = new CupbearerError('cancelled', 'Cancelled.')): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.state === 'running') entry.abort.abort(reason);
      else if (entry) {
        const held = entry.job.waitsFor.find((needed) => this.#entries.get(needed.id)?.isHeld);
        this.#refuse(entry, held ? unmet(held, reason) : reason);
      }
    }
    this.#advance();
  }

  /** Cancels all jobs, last first, so that none starts in place of another. Resolves when all have ended. */
  async close(reason: CupbearerError): Promise<void> {
    const entries = [...this.#entries.values()];
    this.cancel(entries.map(({ job }) => job.id).reverse(), reason);
    await Promise.all(entries.map(({ ended }) => ended));
  }

  /** Ids of the jobs, besides these, that are refused if these are cancelled. */
  waitersOf(ids: readonly string[]): string[] {
    const found = new Set(ids);
    // Those that are found are looked at in turn.
    for (const id of found)
      for (const { job } of this.#dependants.get(id) ?? []) if (this.has(job.id)) found.add(job.id);
    return [...found].filter((id) => !ids.includes(id));
  }

  /** How many jobs are running. */
  get running(): number {
    return [...this.#entries.values()].filter(({ state }) => state === 'running').length;
  }

  /** All waiting and running jobs, running ones first. */
  get places(): QueuePlace[] {
    const entries = [...this.#entries.values()];
    const running = entries.filter(({ state }) => state === 'running');
    const waiting = entries.filter(({ state }) => state === 'waiting');
    return [
      ...running.map(({ job }) => ({ id: job.id, state: 'running' as const, position: null, waitsFor: null })),
      ...waiting.map(({ job }, i) => ({
        id: job.id,
        state: 'waiting' as const,
        position: i + 1,
        waitsFor: this.#missing(job)?.id ?? null,
      })),
    ];
  }

  #missing({ waitsFor }: QueuedJob): Requirement | undefined {
    return waitsFor.find(({ id }) => this.has(id));
  }

  #advance(): void {
    const entries = [...this.#entries.values()];
    let running = entries.filter(({ state }) => state === 'running').length;
    for (const entry of entries) {
      if (running >= this.#parallel()) break;
      if (entry.state === 'running' || entry.isHeld || this.#missing(entry.job)) continue;
      if (running > 0 && !this.#hasRoom(entry.job.id)) {
        // Smaller ones do not pass it, or it might wait forever. Other programs free memory without a word.
        this.#lookAgain();
        break;
      }
      this.#start(entry);
      running++;
    }
    this.#onChange();
  }

  #lookAgain(): void {
    clearTimeout(this.#look);
    this.#look = setTimeout(() => this.#advance(), roomLookMs).unref();
  }

  #start(entry: Entry): void {
    entry.state = 'running';
    // A job that throws synchronously must not stop the queue either.
    void Promise.resolve()
      .then(() => entry.job.start(entry.abort.signal))
      .then(
        () => this.#remove(entry),
        (error: unknown) => {
          this.#remove(entry);
          this.#refuseDependants(entry.job.id, error);
        },
      )
      .finally(() => this.#advance());
  }

  #refuse(entry: Entry, reason: CupbearerError): void {
    this.#remove(entry);
    entry.job.refuse(reason);
    this.#refuseDependants(entry.job.id, reason);
  }

  #refuseDependants(id: string, error: unknown): void {
    for (const entry of [...(this.#dependants.get(id) ?? [])]) {
      const requirement = entry.job.waitsFor.find((candidate) => candidate.id === id);
      if (requirement && this.has(entry.job.id)) this.#refuse(entry, unmet(requirement, error));
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.job.id);
    for (const { id } of entry.job.waitsFor) {
      const dependants = this.#dependants.get(id);
      dependants?.delete(entry);
      if (dependants?.size === 0) this.#dependants.delete(id);
    }
    entry.settle();
  }
}

/** Explains why a job cannot start after one that it needs failed. */
function unmet({ name, id }: Requirement, error: unknown): CupbearerError {
  const { code, message } = toErrorRecord(error);
  const details = { run: id };
  if (code === 'cancelled') return new CupbearerError('cancelled', `${name} was cancelled.`, { details });
  return new CupbearerError(code, `${name} failed: ${message}`, {
    hint: 'Fix or repeat that one, then repeat this one.',
    details,
  });
}
