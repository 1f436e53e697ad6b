import { realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EngineInfo } from '../../shared/domain/engine.ts';
import type { EnginePart, RunRecord, SpecFile } from '../../shared/domain/run.ts';
import { withEnginePart } from '../../shared/engine-parts.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { defaultDataDir } from '../data/data-dir.ts';
import type { RunDefinition, RunOutcome } from '../runs/run-definition.ts';
import { runDefinitionOf, runRegistry } from '../runs/index.ts';
import { withAbsolutePaths } from '../runs/paths.ts';
import { readStoredSpec, specToRepeat } from '../runs/stored-spec.ts';
import { forkProcess, type ProcessLauncher } from '../jobs/child-process.ts';
import { runInComputeProcess } from '../jobs/compute.ts';
import type { Job, RunEvent } from '../jobs/protocol.ts';
import type { Catalogue, RebuildResult } from '../storage/catalogue.ts';
import type { CatalogueRun } from '../storage/catalogue-rows.ts';
import { hashJson } from '../storage/content-hash.ts';
import { openCatalogue } from '../storage/open-catalogue.ts';
import { isProcessAlive, processIdentity } from '../storage/process-identity.ts';
import { endLeftOvers, isAtWork } from '../storage/process-records.ts';
import {
  createDatedRunFolder,
  createRunFolder,
  holdsRecord,
  readRecord,
  readSpec,
  requireRun,
  replaceSpec,
  resumeRunFolder,
  writeSpec,
} from '../storage/run-folder.ts';
import { planEvaluation } from './plan-evaluation.ts';
import { newRecord, newSpecFile } from './new-run.ts';
import { versions } from './versions.ts';

/** Where a run goes and what is kept with it. */
export interface CreationOptions {
  /** The run's folder; a new one named by date and time under `base` where left out. */
  folder?: string | undefined;
  base?: string;
  tags?: readonly string[];
  /** Where datasets are; the usual place where left out. */
  dataDir?: string | undefined;
  /** The command line, for people who read the spec later. */
  command?: string | undefined;
  /** What relative paths count from. */
  workingDir?: string;
}

/** With what a run computes, and whom it tells. */
export interface ExecutionOptions {
  /** `auto` or an engine's id. */
  engine?: string;
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
}

/** A run that is created and done at once. */
export interface LaunchOptions extends CreationOptions, ExecutionOptions {
  /** Goes on with the interrupted run in `folder`. */
  resume?: boolean;
  /** Resumes a training with smaller batches than it had, so that it needs less memory. */
  batchSize?: number | undefined;
  /** Computes an evaluation anew that is there already. */
  overwrite?: boolean;
}

/** A run that has ended well. */
export interface FinishedRun {
  record: RunRecord;
  /** Folder with the results of this very request: the run's own, or one inside it. */
  folder: string;
  /** The result was there already and nothing was computed. */
  found: boolean;
}

/** A run that can be done: its folder is there and its row says `queued`. */
export interface PreparedRun {
  experiment: RunDefinition;
  record: RunRecord;
  /** Whether it goes on where an earlier attempt stopped. */
  resume: boolean;
  dataDir: string;
}

/** How long a run may wait for a left-over process to end before it is marked; its own watch gives it two seconds. */
const lateMarkMs = 3000;

/** What the application can do, whoever asks. Owns the catalogue and starts compute processes. */
export class Workbench {
  readonly catalogue: Catalogue;
  /** Runs that were found without their process at the start. */
  readonly interrupted: readonly RunRecord[];
  readonly #launch: ProcessLauncher;
  #lateMark: NodeJS.Timeout | undefined;

  /** Opens the user's catalogue; runs whose process has gone are marked `interrupted`, once nothing works on them. */
  constructor(catalogueFile?: string, launch: ProcessLauncher = forkProcess) {
    this.#launch = launch;
    this.catalogue = catalogueFile === undefined ? openCatalogue() : openCatalogue(catalogueFile);
    const haveEnded = endLeftOvers();
    this.interrupted = this.catalogue.markInterrupted(isAtWork);
    if (!haveEnded) this.#lateMark = setTimeout(() => this.#markInAnyCase(), lateMarkMs).unref();
  }

  close(): void {
    clearTimeout(this.#lateMark);
    this.catalogue.close();
  }

  /**
   * Checks what is asked for, does it in a compute process and keeps the catalogue up to date.
   * @throws CupbearerError what went wrong; the run is then in the catalogue as `failed` or `cancelled`.
   */
  async run(experimentId: string, params: unknown, options: LaunchOptions = {}): Promise<FinishedRun> {
    const experiment = runRegistry.get(experimentId);
    const base = options.workingDir ?? process.cwd();
    const folder = options.folder === undefined ? undefined : resolve(base, options.folder);
    if (options.resume) return this.execute(this.#resumed(experiment, folder, options), options);

    const spec = withAbsolutePaths(experiment, parseParams(experiment.params, params), base);
    // Before anything is written, so that a request that cannot be met leaves nothing behind.
    experiment.check(spec);
    if (experiment.kind === 'evaluation') {
      const plan = planEvaluation(spec, folder);
      if (plan.existing !== undefined && !options.overwrite) {
        return { record: this.recordOf(plan.owner ?? plan.existing), folder: plan.existing, found: true };
      }
      if (plan.owner !== undefined) {
        const owner = this.recordOf(plan.owner);
        this.#checkNoCopy(owner);
        checkIdle(owner);
        return plan.existing === undefined && owner.kind === experiment.kind
          ? this.execute(this.#restarted(experiment, spec, owner, options), options)
          : this.#reevaluate(experiment, spec, owner, plan.existing ?? plan.owner, options);
      }
      return this.execute(this.#created(experiment, spec, { ...options, folder: plan.folder }), options);
    }
    return this.execute(this.#created(experiment, spec, { ...options, folder }), options);
  }

  /**
   * Creates a run with folder, spec and row, to be done later by {@link execute}. What it builds on must have a folder, but need
   * not be done yet. Whether it can be done was checked before, where looking at data and folders holds nobody up.
   * @throws CupbearerError `usage`, `conflict` where the folder is taken, `not-found`, `storage`.
   */
  prepare(experimentId: string, params: unknown, options: CreationOptions): PreparedRun {
    const experiment = runRegistry.get(experimentId);
    const base = options.workingDir ?? process.cwd();
    const spec = withAbsolutePaths(experiment, parseParams(experiment.params, params), base);
    return this.#created(experiment, spec, {
      ...options,
      ...(options.folder === undefined ? {} : { folder: resolve(base, options.folder) }),
    });
  }

  /**
   * Prepares to go on with a training that was cut off, in smaller batches where `batchSize` is given.
   * @throws CupbearerError `conflict`, `usage`, `not-found`.
   */
  prepareResumption(folder: string, batchSize?: number): PreparedRun {
    const prepared = this.#resumed(runRegistry.get('train-classifier'), folder, { batchSize });
    const { pid, started } = processIdentity();
    const record = this.catalogue.update(prepared.record.id, {
      status: 'queued',
      ended_at: null,
      error: null,
      host_pid: pid,
      host_started: started,
    });
    return { ...prepared, record };
  }

  /** Notes that a prepared run will not be done. */
  abandon({ record }: PreparedRun, reason: CupbearerError): void {
    this.#markEnded(record, reason);
  }

  /**
   * The record of the run in `folder`; one that this catalogue does not know is taken in. The copy of a run that is still
   * in its own folder has that run's record and no row of its own.
   */
  recordOf(folder: string): CatalogueRun {
    const known = this.catalogue.byFolder(folder);
    if (known) return known;
    const path = requireRun(folder);
    const cutOff = this.#specOfCutOff(path);
    if (cutOff) this.#insertCutOff(path, cutOff);
    const { skipped } = this.catalogue.rebuild([path]);
    const unreadable = skipped.find((other) => other.folder === path && other.listedId === undefined);
    if (unreadable) throw new CupbearerError('bad-data', unreadable.reason);
    return this.catalogue.byFolder(path) ?? { ...this.catalogue.get(readRecord(path).id), folder: path };
  }

  /**
   * Takes up the runs in these folders that the catalogue does not know, with the evaluations inside them. What cannot be read
   * is skipped with the reason. @throws CupbearerError `storage`.
   */
  takeUp(folders: readonly string[]): RebuildResult {
    const cutOff: RebuildResult = { added: [], skipped: [] };
    for (const folder of folders) {
      let file: SpecFile | undefined;
      try {
        file = this.#specOfCutOff(folder);
      } catch (error) {
        if (!(error instanceof CupbearerError)) throw error;
        cutOff.skipped.push({ folder, reason: error.message });
      }
      if (file === undefined) continue;
      this.#insertCutOff(folder, file);
      cutOff.added.push(folder);
    }
    const skipped = new Set(cutOff.skipped.map(({ folder }) => folder));
    const rest = this.catalogue.rebuild(folders.filter((folder) => !skipped.has(folder)));
    return { added: [...cutOff.added, ...rest.added], skipped: [...cutOff.skipped, ...rest.skipped] };
  }

  /**
   * Returns the spec of a run whose process was killed before the run got into the catalogue; undefined for any other folder.
   * @throws CupbearerError `bad-data`, `usage` if it is not a spec of this program, `storage` if it cannot be read.
   */
  #specOfCutOff(folder: string): SpecFile | undefined {
    if (holdsRecord(folder) || this.catalogue.byFolder(folder) !== undefined) return undefined;
    const file = readSpec(folder);
    parseParams(runDefinitionOf(file.kind).params, file.spec);
    return file;
  }

  #insertCutOff(folder: string, file: SpecFile): void {
    const error = { code: 'crashed' as const, message: 'The process that did this run ended before it had begun.' };
    this.catalogue.insert({ ...newRecord(folder, file), status: 'interrupted', error });
  }

  #created(experiment: RunDefinition, spec: Record<string, unknown>, options: CreationOptions): PreparedRun {
    const { folder } = options;
    // Asked before anything is written, as above.
    const parents = experiment.parents(spec).map((parent) => this.recordOf(parent).id);
    const now = new Date();
    const path =
      folder === undefined
        ? createDatedRunFolder(
            resolve(options.workingDir ?? process.cwd(), options.base ?? join('logs', experiment.id)),
            now,
          )
        : createRunFolder(folder);
    const dataDir = dataDirOf(options);
    const file = newSpecFile(experiment, spec, { parents, created: now, dataDir, command: options.command });
    writeSpec(path, file);
    const record = { ...newRecord(path, file), tags: [...(options.tags ?? [])] };
    try {
      this.catalogue.insert(record);
    } catch (error) {
      // A run that the catalogue could not take must not stand in the way of the next attempt, nor be taken up later.
      for (const name of ['spec.json', 'run.json']) rmSync(join(path, name), { force: true });
      throw error;
    }
    return { experiment, record, resume: false, dataDir };
  }

  /** The run of an evaluation that was cut off, to be done from the start, perhaps with another spec. */
  #restarted(
    experiment: RunDefinition,
    spec: Record<string, unknown>,
    { id, folder, created_at }: RunRecord,
    options: LaunchOptions,
  ): PreparedRun {
    const parents = experiment.parents(spec).map((parent) => this.recordOf(parent).id);
    const dataDir = dataDirOf(options);
    const created = new Date(created_at);
    replaceSpec(folder, newSpecFile(experiment, spec, { parents, created, dataDir, command: options.command }));
    const title = experiment.describe(spec);
    const record = this.catalogue.update(id, { spec, title, parents, versions: versions() });
    return { experiment, record, resume: false, dataDir };
  }

  #resumed(
    experiment: RunDefinition,
    folder: string | undefined,
    options: CreationOptions & Pick<LaunchOptions, 'batchSize'>,
  ): PreparedRun {
    if (folder === undefined) {
      throw new CupbearerError('usage', 'Resuming needs the folder of the run.', { hint: 'Add --dir.full FOLDER.' });
    }
    const path = resumeRunFolder(folder, isAtWork);
    const file = readSpec(path);
    const { kind, data_dir: usedBefore } = file;
    if (kind !== experiment.kind || kind !== 'classifier') {
      throw new CupbearerError(
        'usage',
        `Only the training of a classifier can be resumed; "${path}" holds a run of kind ${kind}.`,
      );
    }
    const record = this.recordOf(path);
    this.#checkNoCopy(record);
    const dataDir = options.dataDir === undefined ? (usedBefore ?? dataDirOf(options)) : dataDirOf(options);
    const before = specToRepeat(readStoredSpec(kind, file.spec));
    const spec = withSmallerBatches(before, options.batchSize);
    const earlier = spec === before ? [] : [...(file.earlier_batch_sizes ?? []), before['batch_size'] as number];
    if (dataDir !== usedBefore || earlier.length > 0) {
      replaceSpec(path, {
        ...file,
        spec,
        data_dir: dataDir,
        ...(earlier.length > 0 ? { earlier_batch_sizes: earlier } : {}),
      });
    }
    if (spec !== before) this.catalogue.update(record.id, { spec });
    return { experiment, record: { ...record, spec }, resume: true, dataDir };
  }

  /** What is done in a copy must not be noted as done in the run's own folder. */
  #checkNoCopy({ id, folder }: RunRecord): void {
    const original = this.catalogue.get(id).folder;
    if (original === folder || realpathSync(original) === realpathSync(folder)) return;
    throw new CupbearerError('conflict', `"${folder}" is a copy of the run ${id} in "${original}".`, {
      hint: 'Use that folder, or remove it first if this one is to take its place.',
    });
  }

  /**
   * Does a prepared run in a compute process and keeps the catalogue up to date.
   * @throws CupbearerError what went wrong; the run is then in the catalogue as `failed` or `cancelled`.
   */
  async execute(
    { experiment, record, resume, dataDir }: PreparedRun,
    options: ExecutionOptions = {},
  ): Promise<FinishedRun> {
    const identity = processIdentity();
    const started = performance.now();
    this.catalogue.update(record.id, {
      status: 'running',
      started_at: new Date().toISOString(),
      ended_at: null,
      error: null,
      host_pid: identity.pid,
      host_started: identity.started,
    });
    try {
      const work = { experiment, spec: record.spec, folder: record.folder, resume, dataDir };
      const outcome = await this.#compute(work, options, ({ id: engine, passedOver = {} }) =>
        this.catalogue.update(record.id, {
          engine,
          engines_passed_over: passedOver,
          ...(resume ? enginePartsOf(record, engine, 'resumed') : record.engine_parts ? { engine_parts: [] } : {}),
        }),
      );
      completeSpec(record.folder, this.catalogue.get(record.id).engine, outcome.fingerprints);
      this.catalogue.update(record.id, {
        status: 'done',
        ended_at: new Date().toISOString(),
        metrics: outcome.metrics,
        timings: { ...outcome.timings, total: performance.now() - started },
        ...testDataOf(outcome),
      });
      return { record: this.catalogue.get(record.id), folder: record.folder, found: false };
    } catch (error) {
      this.#markEnded(record, error);
      throw error;
    }
  }

  /** A deleted folder or a full disk must not hide why the run itself failed. */
  #markEnded(record: RunRecord, error: unknown): void {
    const { stack: _, ...reason } = toErrorRecord(error);
    this.catalogue.update(record.id, {
      status: reason.code === 'cancelled' ? 'cancelled' : 'failed',
      ended_at: new Date().toISOString(),
      error: reason,
    });
  }

  /** Evaluates into the folder of another run: its first evaluation, or one that is to be computed anew. */
  async #reevaluate(
    experiment: RunDefinition,
    spec: Record<string, unknown>,
    record: RunRecord,
    folder: string,
    options: LaunchOptions,
  ): Promise<FinishedRun> {
    const work = { experiment, spec, folder, resume: false, dataDir: dataDirOf(options) };
    let engineParts = {};
    const outcome = await this.#compute(work, options, ({ id }) => {
      engineParts = enginePartsOf(record, id, 'evaluation');
    });
    this.catalogue.update(record.id, {
      metrics: { ...record.metrics, ...outcome.metrics },
      ...engineParts,
      ...testDataOf(outcome),
    });
    return { record: this.catalogue.get(record.id), folder, found: false };
  }

  /** A process that the system does not let go must not leave its run without an end. */
  #markInAnyCase(): void {
    try {
      this.catalogue.markInterrupted(isProcessAlive);
    } catch (error) {
      this.catalogue.notices.push(`A run that was cut off is not marked so yet. ${toErrorRecord(error).message}`);
    }
  }

  #compute(
    { experiment, ...work }: Omit<Job, 'experiment' | 'engine'> & { experiment: RunDefinition },
    options: ExecutionOptions,
    onEngine: (engine: EngineInfo) => void,
  ) {
    // Another program may have been killed since this one began, and its process still write into this run's folder.
    endLeftOvers();
    return runInComputeProcess(
      { ...work, experiment: experiment.id, engine: options.engine ?? 'auto' },
      {
        ...(options.signal ? { signal: options.signal } : {}),
        launch: this.#launch,
        onEvent: (event) => {
          if (event.type === 'engine') onEngine(event.engine);
          options.onEvent?.(event);
        },
      },
    );
  }
}

/** @throws CupbearerError `usage` for batches that are no smaller than those of the spec. */
function withSmallerBatches(spec: Record<string, unknown>, batchSize: number | undefined): Record<string, unknown> {
  const before = spec['batch_size'] as number;
  if (batchSize === undefined || batchSize === before) return spec;
  if (batchSize < before) return { ...spec, batch_size: batchSize };
  throw new CupbearerError(
    'usage',
    `A training is resumed with its own batch size or a smaller one: expected at most ${before}, found ${batchSize}.`,
  );
}

/** What engines did of a run, with what this one begins now; nothing where it is the only one. */
function enginePartsOf(
  record: RunRecord,
  engine: string,
  part: EnginePart['part'],
): Required<Pick<RunRecord, 'engine_parts'>> | Record<string, never> {
  const parts = withEnginePart(record, { engine, part, started_at: new Date().toISOString() });
  return parts.length > 1 ? { engine_parts: parts } : {};
}

/** What names the test data that an evaluation was made on; nothing for other runs. */
function testDataOf({ fingerprints }: RunOutcome): { test_data?: string } {
  const test = Object.entries(fingerprints).filter(([role]) => role.startsWith('test'));
  return test.length === 0 ? {} : { test_data: hashJson(Object.fromEntries(test)).slice(0, 16) };
}

/** Where datasets are, as an absolute path. */
function dataDirOf({ workingDir, dataDir }: CreationOptions): string {
  return resolve(workingDir ?? process.cwd(), dataDir ?? defaultDataDir());
}

/** @throws CupbearerError `conflict` where a process is at work on the run. */
function checkIdle({ status, folder, host_pid: pid, host_started: started }: RunRecord): void {
  if ((status !== 'running' && status !== 'queued') || pid === null || !isAtWork(pid, started)) return;
  throw new CupbearerError('conflict', `Process ${pid} is still at work on the run in "${folder}".`, {
    hint: 'Wait until it ends, or stop it first.',
  });
}

/** Adds to spec.json what is only known once the run is done: the engine that `auto` chose and the data's fingerprints. */
function completeSpec(folder: string, engine: string | null, fingerprints: Record<string, string>): void {
  replaceSpec(folder, { ...readSpec(folder), engine, fingerprints });
}
