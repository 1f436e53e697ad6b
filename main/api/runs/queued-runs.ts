import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { LiveState } from '../../../shared/domain/live.ts';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError, toErrorRecord } from '../../../shared/errors.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { specToRepeat } from '../../runs/stored-spec.ts';
import { PhaseProgress } from '../../jobs/phase-progress.ts';
import { MemoryRoom } from '../../jobs/memory-room.ts';
import { JobQueue, type QueuedJob } from '../../jobs/queue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { createFolder } from '../../storage/create-folder.ts';
import { freePath } from '../../storage/free-folder.ts';
import type { CurrentSettings } from '../current-settings.ts';
import { commandOrReason } from './command-line.ts';
import { folderName } from './folder-name.ts';
import { readRun } from './read-run.ts';
import { inSlices } from '../breath.ts';
import type { PreparedRun } from './run-planner.ts';
import { runsFolder } from '../settings.ts';
import type { Workbench } from '../workbench.ts';
import { given } from '../../../shared/given.ts';

/** A request for a run. */
export interface RunRequest {
  /** A function if it depends on the folders of earlier requests in the same call. */
  spec: ParsedSpec | ((earlier: readonly RunRecord[]) => ParsedSpec);
  /** The run's folder; by default a new one in the settings' folder for runs, named by what the run is about. */
  folder?: string | undefined;
  /** `auto` or an engine's id; by default the one in the settings. */
  engine?: string | undefined;
  tags?: readonly string[] | undefined;
}

/** What is done before each run. */
interface BeforeRun {
  /** Resolves when nothing else holds resources that a run on this engine (`auto` or an id) may need. */
  makeRoom?: (engine: string) => Promise<void>;
  /** @throws CupbearerError if the run in this folder must not start. */
  mayBegin?: (folder: string) => void;
}

interface UnfinishedRun {
  run: PreparedRun;
  progress: PhaseProgress;
}

/** The runs that wait or are running in this program, and their progress. */
export class QueuedRuns {
  readonly #workbench: Workbench;
  readonly #settings: CurrentSettings;
  readonly #before: BeforeRun;
  readonly #queue: JobQueue;
  readonly #room = new MemoryRoom();
  readonly #unfinished = new Map<string, UnfinishedRun>();
  readonly #listeners = new Set<() => void>();
  /** Problems that no run can show, such as a run that could not be marked as ended. */
  readonly notices: string[] = [];

  constructor(workbench: Workbench, settings: CurrentSettings, before: BeforeRun = {}) {
    this.#workbench = workbench;
    this.#settings = settings;
    this.#before = before;
    this.#queue = new JobQueue({
      parallel: () => settings.current().parallelJobs,
      hasRoom: (id) => this.#hasRoom(id),
      onChange: () => this.#tell(),
    });
  }

  /**
   * Creates runs and queues them: all of them, or none if one cannot be created. A run that builds on an unfinished one
   * waits for it.
   * @throws CupbearerError `usage`, `conflict`, `not-found`, `storage`.
   */
  enqueue(requests: readonly RunRequest[]): RunRecord[] {
    const prepared: PreparedRun[] = [];
    try {
      for (const request of requests) prepared.push(this.#prepare(request, prepared));
    } catch (error) {
      for (const { record } of prepared.reverse()) {
        this.#workbench.catalogue.forget(record.id);
        rmSync(record.folder, { recursive: true, force: true });
      }
      throw error;
    }
    this.#queue.add(prepared.map((run, i) => this.#jobOf(run, requests[i]!.engine)));
    return prepared.map(({ record }) => record);
  }

  /** Returns the folder that a run would get; `taken` are those promised to others. */
  folderFor(spec: ParsedSpec, taken?: ReadonlySet<string>): string {
    const base = runsFolder(this.#settings.current());
    // The name of a run whose folder is gone stays taken, or that run would be shown with another's results.
    const isTaken = (path: string) => taken?.has(path) || this.#workbench.catalogue.byFolder(path) !== undefined;
    return freePath(base, folderName(spec, new Date()), isTaken);
  }

  /**
   * Resumes an interrupted training, optionally with smaller batches, and with it the runs that were cancelled because they
   * wait for it. @throws CupbearerError `conflict`, `usage`,
   * `not-found`.
   */
  resume(id: string, batchSize?: number): void {
    const { folder } = this.#workbench.catalogue.get(id);
    const { planner, catalogue } = this.#workbench;
    const run = planner.resumeLater(folder, batchSize);
    const others = catalogue.childrenOf(run.record.id).map((child) => catalogue.get(child));
    const waiting = others.filter((other) => wasCancelledWith(other, run.record)).map((other) => planner.again(other));
    this.#queue.add([run, ...waiting].map((each) => this.#jobOf(each, undefined)));
  }

  /** How many runs here wait for one of these. */
  waitingFor(ids: readonly string[]): number {
    return this.#queue.waitersOf(ids).length;
  }

  /**
   * Queues the same spec again as a new run. @throws CupbearerError `bad-data` if it is not valid, or as {@link
   * enqueue}.
   */
  repeat(id: string): RunRecord {
    const run = this.#workbench.catalogue.get(id);
    return this.enqueue([{ spec: specToRepeat(readRun(run).spec), tags: run.tags }])[0]!;
  }

  /**
   * Cancels runs that wait or are running here; skips those that have ended. No waiting run starts in the meantime.
   * @throws CupbearerError `not-found`, in which case none is cancelled; `conflict` if one is running in another
   * process.
   */
  async cancel(ids: readonly string[]): Promise<void> {
    const own: string[] = [];
    let foreign: CatalogueRun | undefined;
    await inSlices(ids, (slice) => {
      for (const run of slice.map((id) => this.#workbench.catalogue.get(id))) {
        if (this.#queue.has(run.id)) own.push(run.id);
        else if (run.status === 'running' || run.status === 'queued') foreign ??= run;
      }
    });
    this.#queue.hold(own);
    await inSlices(own, (slice) => this.#queue.cancel(slice));
    if (!foreign) return;
    throw new CupbearerError(
      'conflict',
      `The run ${foreign.id} is running in another process (${foreign.host_pid ?? 'unknown'}).`,
      { hint: 'Stop it where it was started, with Ctrl-C.' },
    );
  }

  /** Whether a run waits or is running here. */
  has(id: string): boolean {
    return this.#queue.has(id);
  }

  /** Resolves when the run has ended, successfully or not. */
  ended(id: string): Promise<void> {
    return this.#queue.ended(id);
  }

  /** The progress of this program's runs. */
  get live(): LiveState[] {
    return this.#queue.places.map(({ id, position, waitsFor }) => ({
      id,
      ...(this.#unfinished.get(id)?.progress ?? new PhaseProgress()).state,
      queuePosition: position,
      waitsFor,
    }));
  }

  /** Calls `listener` after every change of {@link live}. Returns an unsubscribe function. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes the queue look again after the settings have changed. */
  wake(): void {
    this.#queue.cancel([]);
  }

  /** Cancels all runs and resolves when they have ended. The caller must end their processes. */
  close(): Promise<void> {
    return this.#queue.close(
      new CupbearerError('cancelled', 'The program was closed before the run had finished.', {
        hint: 'A training can be resumed, anything else repeated.',
      }),
    );
  }

  #prepare(request: RunRequest, earlier: readonly PreparedRun[]): PreparedRun {
    const { tags } = request;
    const spec = typeof request.spec === 'function' ? request.spec(earlier.map(({ record }) => record)) : request.spec;
    const folder = request.folder ?? this.folderFor(spec);
    createFolder(join(folder, '..'));
    const { command } = commandOrReason(spec, { 'dir.full': folder });
    return this.#workbench.planner.create(spec, {
      folder,
      dataDir: this.#settings.current().dataDir ?? undefined,
      command: command ?? undefined,
      ...given({ tags }),
    });
  }

  #jobOf(run: PreparedRun, engine: string | undefined): QueuedJob {
    const { id, kind, parents } = run.record;
    const progress = new PhaseProgress();
    this.#unfinished.set(id, { run, progress });
    return {
      id,
      waitsFor: parents.map((parent) => ({ id: parent, name: requirementName(kind, parents.indexOf(parent)) })),
      start: async (signal) => {
        try {
          const chosen = engine ?? this.#settings.current().engine;
          this.#checkMayBegin(run);
          await Promise.race([this.#before.makeRoom?.(chosen), aborted(signal)]);
          this.#room.start(id, methodOf(run));
          await this.#workbench.executor.execute(run, {
            signal,
            engine: chosen,
            // Those that are started together are counted by now.
            processors: Math.max(1, Math.floor(availableParallelism() / this.#queue.running)),
            onEvent: (event) => {
              if (event.type === 'memory') this.#room.note(id, event.peakBytes);
              if (event.type !== 'progress') return;
              progress.update(event.phase, event.done, event.total, event.note);
              this.#tell();
            },
          });
        } finally {
          this.#room.end(id);
          this.#unfinished.delete(id);
          this.#checkMarked(id);
        }
      },
      refuse: (reason) => {
        this.#unfinished.delete(id);
        try {
          this.#workbench.executor.abandon(run.record, reason);
        } catch (error) {
          this.#note(id, error);
        }
      },
    };
  }

  /** Whether memory suffices for a run beside others; processes that only wait for another run give theirs back first. */
  #hasRoom(id: string): boolean {
    const run = this.#unfinished.get(id)?.run;
    if (!run || this.#room.isEnoughFor(methodOf(run))) return true;
    this.#workbench.executor.release();
    return this.#room.isEnoughFor(methodOf(run));
  }

  #checkMayBegin(run: PreparedRun): void {
    try {
      this.#before.mayBegin?.(run.record.folder);
    } catch (error) {
      if (error instanceof CupbearerError) this.#workbench.executor.abandon(run.record, error);
      throw error;
    }
  }

  /** Marks a run whose end the catalogue did not record, because it was locked or its disk was full. */
  #checkMarked(id: string): void {
    try {
      const { status } = this.#workbench.catalogue.get(id);
      if (status !== 'running' && status !== 'queued') return;
      this.#workbench.catalogue.update(id, {
        status: 'interrupted',
        error: {
          code: 'storage',
          message: 'The run had ended, but the catalogue could not be changed at that moment.',
        },
      });
    } catch (error) {
      this.#note(id, error);
    }
  }

  #note(id: string, error: unknown): void {
    this.notices.push(`The run ${id} has ended, but the catalogue does not say so. ${toErrorRecord(error).message}`);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Whether a run was cancelled before it began, because one that it builds on was. */
function wasCancelledWith({ status, error }: RunRecord, { id }: RunRecord): boolean {
  return status === 'cancelled' && error?.details?.['run'] === id;
}

/** What runs of about the same need for memory have in common. */
function methodOf({ spec, record: { kind } }: PreparedRun): string {
  const { model, detector } = spec.params as { model?: { name: string }; detector?: { name: string } };
  return [kind, model?.name ?? detector?.name ?? ''].join(' ');
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Says what a parent is to the run that builds on it; an evaluation lists its detector first. */
function requirementName(kind: RunRecord['kind'], place: number): string {
  return kind === 'evaluation' && place === 0 ? 'The detector it evaluates' : 'The classifier it builds on';
}
