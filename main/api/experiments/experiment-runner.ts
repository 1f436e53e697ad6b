import { existsSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError, toErrorRecord, type ErrorRecord } from '../../../shared/errors.ts';
import { specOf, type ExperimentPlan, type PlannedRun } from '../../experiments/plan.ts';
import { addLink } from '../../storage/experiment-folder.ts';
import { processIdentity } from '../../storage/process-identity.ts';
import { isAtWork } from '../../storage/process-records.ts';
import { holdsRun } from '../../storage/run-folder.ts';
import type { Workbench } from '../workbench.ts';
import type { CellExecutor } from './cell-executor.ts';
import { CellRuns } from './cell-runs.ts';
import { clearCancelRequest, isCancelRequested, type StoredExperiment } from './experiment-store.ts';

/** What a runner tells while it goes on. */
export type ExperimentEvent =
  | { type: 'reused'; planned: PlannedRun; run: RunRecord }
  | { type: 'started'; planned: PlannedRun; id: string }
  | { type: 'ended'; planned: PlannedRun; run: RunRecord }
  /** It could not even begin. */
  | { type: 'refused'; planned: PlannedRun; error: ErrorRecord }
  | { type: 'paused'; reason: string }
  | { type: 'resumed' };

/** How an experiment came out: runs by what became of them. */
export interface ExperimentOutcome {
  reused: number;
  done: number;
  failed: number;
  /** Not begun since one that they build on failed, or since it was cancelled. */
  left: number;
  cancelled: boolean;
}

/** How often it is looked whether somebody has asked to stop, or whether a full disk has room again. */
const lookMs = 1000;
const fullDiskMs = 10_000;

/** Codes of a system whose disk has no room. */
const fullCodes = ['ENOSPC', 'EDQUOT'];
/** More free bytes than when it was full are room; a file system gives and takes some by itself. */
const roomBytes = 2 ** 20;

interface Active {
  planned: PlannedRun;
  id: string;
  ended: Promise<void>;
}

/** How a runner reports, and what it is about. */
interface RunnerOptions {
  onEvent?: (event: ExperimentEvent) => void;
  /** The key of a run: only this one and what builds on it are computed; all if left out. */
  only?: string | undefined;
}

/**
 * Computes what of an experiment is not there yet. All that is done is in the cells' folders before the next begins, so that
 * whatever ends the process costs at most the cells that were being computed.
 */
export class ExperimentRunner {
  readonly #workbench: Workbench;
  readonly #executor: CellExecutor;
  readonly #experiment: StoredExperiment;
  readonly #plan: ExperimentPlan;
  readonly #cells: CellRuns;
  readonly #tell: (event: ExperimentEvent) => void;
  readonly #stop = new AbortController();
  readonly #pending = new Map<string, PlannedRun>();
  readonly #active = new Map<string, Active>();
  readonly #done = new Set<string>();
  readonly #failed = new Set<string>();
  /** Milliseconds that the last run of a method took. */
  readonly #took = new Map<string, number>();
  readonly #outcome: ExperimentOutcome = { reused: 0, done: 0, failed: 0, left: 0, cancelled: false };
  readonly #only: string | undefined;
  /** Keys of the runs that come before all others. */
  #first: ReadonlySet<string> = new Set();
  /** Whether a person wants nothing to begin. */
  #isHeld = false;
  /** Before this time nothing is begun, since the disk was full. */
  #notBefore = 0;
  /** Free bytes of the disk when it was full; undefined if that says nothing of whether there is room. */
  #freeWhenFull: number | undefined;
  #wake = () => {};

  constructor(
    workbench: Workbench,
    executor: CellExecutor,
    experiment: StoredExperiment,
    plan: ExperimentPlan,
    { onEvent = () => undefined, only }: RunnerOptions = {},
  ) {
    this.#workbench = workbench;
    this.#executor = executor;
    this.#experiment = experiment;
    this.#plan = plan;
    this.#cells = new CellRuns(workbench.catalogue, experiment, plan);
    this.#tell = onEvent;
    this.#only = only;
  }

  /** Claims the experiment for this process. @throws CupbearerError `conflict` where another one works on it, `storage`. */
  claim(): void {
    this.#workbench.catalogue.experiments.claim(this.#experiment.file.id, processIdentity(), isAtWork);
  }

  /**
   * Works on an experiment that was claimed, and lets go of it. Resolves once nothing is left that can be computed, or it was
   * cancelled. @throws CupbearerError `storage`.
   */
  async run(signal?: AbortSignal): Promise<ExperimentOutcome> {
    const onAbort = () => this.#stop.abort();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      clearCancelRequest(this.#experiment.folder);
      this.#reuse();
      await this.#work();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#workbench.catalogue.experiments.release(this.#experiment.file.id);
    }
    return { ...this.#outcome, left: this.#pending.size, cancelled: this.#stop.signal.aborted };
  }

  /** Begins nothing until {@link resume}; what is being computed goes on. */
  pause(): void {
    this.#isHeld = true;
  }

  /** Goes on after {@link pause}, or tries whether a full disk has room. */
  resume(): void {
    this.#isHeld = false;
    if (this.#notBefore > 0) this.#notBefore = 1;
    this.#freeWhenFull = undefined;
    this.#wake();
  }

  /** Has the runs with these keys come next, and before them what they build on. Those that are not waiting are skipped. */
  first(keys: readonly string[]): void {
    const needs = keys.flatMap((key) => this.#pending.get(key)?.needs ?? []);
    this.#first = new Set([...keys, ...needs]);
    this.#wake();
  }

  /** Computes a run that has failed or was cancelled, and what builds on it, once more. Does nothing if it has not. */
  retry(key: string): void {
    const planned = this.#plan.runs.get(key);
    if (!planned || !this.#failed.delete(key)) return;
    this.#outcome.failed--;
    this.#pending.set(key, planned);
    this.#first = new Set([key, ...this.#first]);
    this.#wake();
  }

  /** Keys of the runs that wait, in the order in which they are to begin; last those that cannot. */
  get upcoming(): readonly string[] {
    const place = (planned: PlannedRun) => [
      this.#isStuck(planned) ? 1 : 0,
      this.#first.has(planned.key) ? 0 : 1,
      this.#isReady(planned) ? 0 : 1,
      this.#took.get(planned.method) ?? 0,
    ];
    const places = new Map([...this.#pending.values()].map((planned) => [planned.key, place(planned)]));
    const compare = (a: readonly number[], b: readonly number[]) =>
      a.map((value, i) => value - b[i]!).find((difference) => difference !== 0) ?? 0;
    return [...places].sort(([, a], [, b]) => compare(a, b)).map(([key]) => key);
  }

  /** How many runs have failed and are not tried again. */
  get failed(): number {
    return this.#failed.size;
  }

  /** How many cells wait until one of these runs is done. */
  waitingFor(runs: ReadonlySet<string>): number {
    const isAwaited = (key: string) => runs.has(this.#cells.idOf(key) ?? '');
    return [...this.#pending.values()].filter((planned) => planned.needs.some(isAwaited) && !this.#isStuck(planned))
      .length;
  }

  /** Finds what is there already, here or in another experiment. */
  #reuse(): void {
    for (const planned of this.#plan.runs.values()) {
      const run = this.#cells.doneRun(planned);
      if (!run) {
        const { key, needs } = planned;
        if (this.#only === undefined || key === this.#only || needs.includes(this.#only))
          this.#pending.set(key, planned);
        continue;
      }
      this.#link(planned, run);
      this.#noteTime(planned, run);
      this.#done.add(planned.key);
      this.#outcome.reused++;
      this.#tell({ type: 'reused', planned, run });
    }
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#fill();
      if (this.#active.size === 0 && !this.#isWaiting()) return;
      await this.#somethingHappens();
      if (isCancelRequested(this.#experiment.folder)) this.#stop.abort();
    }
    clearCancelRequest(this.#experiment.folder);
    const active = [...this.#active.values()];
    await Promise.all(active.map(({ id }) => this.#executor.cancel(id)));
    await Promise.all(active.map(({ ended }) => ended));
  }

  /** Resolves when a cell has ended, when it is time to look around again, or when all is to stop. */
  async #somethingHappens(): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const time = wait(lookMs, undefined, { signal: AbortSignal.any([timer.signal, this.#stop.signal]) });
    const ends = [...this.#active.values()].map(({ ended }) => ended);
    await Promise.race([...ends, woken, time.catch(() => undefined)]);
    timer.abort();
  }

  /** Whether something could begin that must not yet. */
  #isWaiting(): boolean {
    return (this.#isHeld || this.#notBefore > 0) && this.#next() !== undefined;
  }

  #fill(): void {
    if (this.#isHeld || !this.#hasRoom()) return;
    while (this.#active.size < this.#executor.slots && this.#notBefore === 0) {
      const next = this.#next();
      if (!next) return;
      this.#begin(next);
    }
  }

  /** Whether nothing says that the disk is full. */
  #hasRoom(): boolean {
    if (this.#notBefore === 0) return true;
    if (this.#notBefore > Date.now()) return false;
    const free = this.#freeWhenFull === undefined ? undefined : freeBytes(this.#experiment.folder);
    if (free !== undefined && free < this.#freeWhenFull! + roomBytes) {
      this.#notBefore = Date.now() + fullDiskMs;
      return false;
    }
    this.#notBefore = 0;
    this.#tell({ type: 'resumed' });
    return true;
  }

  /**
   * Of those whose requirements are met, the one that should end soonest, first among those that a person wants first; what was
   * not measured yet comes before the others.
   */
  #next(): PlannedRun | undefined {
    const ready = [...this.#pending.values()].filter((planned) => this.#isReady(planned));
    const wanted = ready.filter(({ key }) => this.#first.has(key));
    let best: PlannedRun | undefined;
    let least = Infinity;
    for (const planned of wanted.length > 0 ? wanted : ready) {
      const expected = this.#took.get(planned.method) ?? 0;
      if (expected >= least) continue;
      best = planned;
      least = expected;
    }
    return best;
  }

  #isReady({ needs }: PlannedRun): boolean {
    return needs.every((key) => this.#done.has(key) || this.#plan.given.has(key));
  }

  #isStuck({ needs }: PlannedRun): boolean {
    return needs.some((key) => this.#failed.has(key));
  }

  #begin(planned: PlannedRun): void {
    this.#pending.delete(planned.key);
    try {
      const id = this.#submit(planned);
      const ended = this.#executor.collect(id).then((run) => this.#onEnd(planned, run));
      this.#active.set(planned.key, { planned, id, ended });
      this.#tell({ type: 'started', planned, id });
    } catch (error) {
      const { stack: _, ...record } = toErrorRecord(error);
      if (this.#pausesFor(planned, record)) return;
      this.#fail(planned.key);
      this.#tell({ type: 'refused', planned, error: record });
    }
  }

  #submit(planned: PlannedRun): string {
    const folder = join(this.#experiment.folder, planned.place);
    const { spec } = this.#experiment.file;
    const before = this.#cells.runIn(folder);
    if (before && this.#executor.poll(before.id) !== 'ended') {
      // Somebody has resumed it by itself, or the disk was full when its link was to be written.
      this.#link(planned, before);
      return before.id;
    }
    if (before && planned.kind === 'classifier' && isResumable(before)) {
      this.#executor.resume(before.id);
      this.#link(planned, before);
      return before.id;
    }
    if (before?.locked) {
      throw new CupbearerError('conflict', `The run ${before.id} is locked, and would be replaced.`, {
        hint: 'Unlock it first.',
      });
    }
    // Nothing of an attempt that was cut off is worth keeping: it is computed again with the same bits.
    if (before) this.#workbench.catalogue.forget(before.id);
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    const id = this.#executor.submit({
      spec: specOf(planned, (key) => this.#cells.folderOf(key)),
      folder,
      engine: spec.engine,
      tags: spec.tags,
    });
    this.#link(planned, this.#workbench.catalogue.get(id));
    return id;
  }

  #link({ key }: PlannedRun, { id, folder }: Pick<RunRecord, 'id' | 'folder'>): void {
    if (this.#cells.idOf(key) === id) return;
    addLink(this.#experiment.folder, { key, run: id, folder });
    this.#workbench.catalogue.experiments.link(this.#experiment.file.id, key, id);
    this.#cells.link(key, id);
  }

  #onEnd(planned: PlannedRun, run: RunRecord): void {
    this.#active.delete(planned.key);
    if (run.status === 'done') {
      this.#done.add(planned.key);
      this.#outcome.done++;
      this.#noteTime(planned, run);
    } else if (run.error && this.#pausesFor(planned, run.error)) return;
    else if (run.status === 'interrupted' || isUnfinished(run))
      // It has ended, but the catalogue could not store how: its disk is full, too, or another program holds a lock on it.
      return this.#pause(planned, 'The catalogue could not be changed.', undefined);
    else if (run.status === 'cancelled' && this.#stop.signal.aborted) this.#pending.set(planned.key, planned);
    else this.#fail(planned.key);
    this.#tell({ type: 'ended', planned, run });
  }

  #fail(key: string): void {
    this.#failed.add(key);
    this.#outcome.failed++;
  }

  /** Whether a cell failed since the disk is full: then it is computed again, once there is room. */
  #pausesFor(planned: PlannedRun, { details, message }: ErrorRecord): boolean {
    if (!fullCodes.includes(String(details?.['system_code']))) return false;
    // A quota says nothing of what is free.
    const isKnown = details?.['system_code'] === 'ENOSPC' && details['sqlite_code'] === undefined;
    this.#pause(planned, message, isKnown ? freeBytes(this.#experiment.folder) : undefined);
    return true;
  }

  #pause(planned: PlannedRun, reason: string, free: number | undefined): void {
    this.#pending.set(planned.key, planned);
    this.#notBefore = Date.now() + fullDiskMs;
    this.#freeWhenFull = free;
    this.#tell({ type: 'paused', reason });
  }

  #noteTime({ method }: PlannedRun, { timings }: RunRecord): void {
    const took = timings['total'];
    if (took !== undefined) this.#took.set(method, took);
  }
}

/** Free bytes of the disk that a folder is on; undefined if the system does not tell. */
function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function isUnfinished({ status }: RunRecord): boolean {
  return status === 'queued' || status === 'running';
}

function isResumable({ status, folder }: RunRecord): boolean {
  return status !== 'done' && holdsRun(folder);
}
