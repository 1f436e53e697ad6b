import { existsSync, rmSync } from 'node:fs';
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

interface Active {
  planned: PlannedRun;
  id: string;
  ended: Promise<void>;
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
  /** Before this time nothing is begun, since the disk was full. */
  #notBefore = 0;

  constructor(
    workbench: Workbench,
    executor: CellExecutor,
    experiment: StoredExperiment,
    plan: ExperimentPlan,
    onEvent: (event: ExperimentEvent) => void = () => undefined,
  ) {
    this.#workbench = workbench;
    this.#executor = executor;
    this.#experiment = experiment;
    this.#plan = plan;
    this.#cells = new CellRuns(workbench.catalogue, experiment, plan);
    this.#tell = onEvent;
  }

  /**
   * Resolves once nothing is left that can be computed, or it was cancelled.
   * @throws CupbearerError `conflict` where another process works on the experiment, `storage`.
   */
  async run(signal?: AbortSignal): Promise<ExperimentOutcome> {
    const { experiments } = this.#workbench.catalogue;
    const { id } = this.#experiment.file;
    experiments.claim(id, processIdentity(), isAtWork);
    const onAbort = () => this.#stop.abort();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      clearCancelRequest(this.#experiment.folder);
      this.#reuse();
      await this.#work();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      experiments.release(id);
    }
    return { ...this.#outcome, left: this.#pending.size, cancelled: this.#stop.signal.aborted };
  }

  /** How many cells that have not begun build on one of these runs. */
  waitingFor(runs: ReadonlySet<string>): number {
    return [...this.#pending.values()].filter(({ needs }) => needs.some((key) => runs.has(this.#cells.idOf(key) ?? '')))
      .length;
  }

  /** Finds what is there already, here or in another experiment. */
  #reuse(): void {
    for (const planned of this.#plan.runs.values()) {
      const run = this.#cells.doneRun(planned);
      if (!run) {
        this.#pending.set(planned.key, planned);
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
      if (this.#active.size === 0 && !this.#isWaitingForRoom()) return;
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
    const time = wait(lookMs, undefined, { signal: AbortSignal.any([timer.signal, this.#stop.signal]) });
    await Promise.race([...[...this.#active.values()].map(({ ended }) => ended), time.catch(() => undefined)]);
    timer.abort();
  }

  #isWaitingForRoom(): boolean {
    return this.#notBefore > Date.now() && this.#pending.size > 0;
  }

  #fill(): void {
    if (this.#notBefore > Date.now()) return;
    if (this.#notBefore > 0) {
      this.#notBefore = 0;
      this.#tell({ type: 'resumed' });
    }
    while (this.#active.size < this.#executor.slots && this.#notBefore === 0) {
      const next = this.#next();
      if (!next) return;
      this.#begin(next);
    }
  }

  /** Of those whose requirements are met, the one that should end soonest; what was not measured yet comes first. */
  #next(): PlannedRun | undefined {
    let best: PlannedRun | undefined;
    let least = Infinity;
    for (const planned of this.#pending.values()) {
      if (planned.needs.some((key) => this.#failed.has(key))) continue;
      if (!planned.needs.every((key) => this.#done.has(key) || this.#plan.given.has(key))) continue;
      const expected = this.#took.get(planned.method) ?? 0;
      if (expected >= least) continue;
      best = planned;
      least = expected;
    }
    return best;
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
    this.#pending.set(planned.key, planned);
    this.#notBefore = Date.now() + fullDiskMs;
    this.#tell({ type: 'paused', reason: message });
    return true;
  }

  #noteTime({ method }: PlannedRun, { timings }: RunRecord): void {
    const took = timings['total'];
    if (took !== undefined) this.#took.set(method, took);
  }
}

function isResumable({ status, folder }: RunRecord): boolean {
  return status !== 'done' && holdsRun(folder);
}
