import { rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { defaultDataDir } from '../../data/data-dir.ts';
import { checkRun, parentsOfRun, runDefinitionOf } from '../../runs/index.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import { readStoredSpec, specToRepeat } from '../../runs/stored-spec.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { whileMaking } from '../../storage/making-records.ts';
import { processIdentity } from '../../storage/process-identity.ts';
import { isAtWork } from '../../storage/process-records.ts';
import {
  createDatedRunFolder,
  createRunFolder,
  readSpec,
  replaceSpec,
  resumeRunFolder,
  writeSpec,
} from '../../storage/run-folder.ts';
import type { KnownRuns } from './known-runs.ts';
import { newRecord, newSpecFile } from './new-run.ts';
import { planEvaluation } from './plan-evaluation.ts';
import { versions } from '../versions.ts';
import { command, worded } from '../../../shared/wording.ts';

/** Where a run goes and what is stored with it. */
export interface CreationOptions {
  /** The run's folder; by default a new one under `base`, named by date and time. */
  folder?: string | undefined;
  base?: string;
  tags?: readonly string[];
  /** Where datasets are; by default the usual place. */
  dataDir?: string | undefined;
  /** The command line, for people who read the spec later. */
  command?: string | undefined;
  /** The folder that relative paths start from. */
  workingDir?: string;
}

/** A run ready to be executed: its folder exists and its row says `queued`. */
export interface PreparedRun {
  spec: ParsedSpec;
  record: RunRecord;
  /** Whether it continues where an earlier attempt stopped. */
  resume: boolean;
  dataDir: string;
}

/** An evaluation whose result goes into a folder of another run. */
export interface FurtherEvaluation {
  spec: ParsedSpec;
  /** The run that gets the results. */
  owner: RunRecord;
  /** Where its files go. */
  folder: string;
  dataDir: string;
}

/** What a request needs: nothing, because the result exists; a run; or an evaluation into another run. */
type RunPlan =
  | { type: 'found'; record: RunRecord; folder: string }
  | { type: 'run'; run: PreparedRun }
  | { type: 'evaluation'; evaluation: FurtherEvaluation };

/** Decides what a request needs: what exists already, what it builds on and where it goes. */
export class RunPlanner {
  readonly #catalogue: Catalogue;
  readonly #known: KnownRuns;

  constructor(catalogue: Catalogue, known: KnownRuns) {
    this.#catalogue = catalogue;
    this.#known = known;
  }

  /**
   * Checks a request and creates what it needs. Finds an evaluation that exists already, unless it is to be repeated
   * (`overwrite`).
   * @throws CupbearerError if it cannot be done; nothing is written then.
   */
  plan(spec: ParsedSpec, { overwrite = false, ...options }: CreationOptions & { overwrite?: boolean }): RunPlan {
    const folder = absolute(options);
    checkRun(spec, { dataDir: dataDirOf(options) });
    if (spec.kind !== 'evaluation') return { type: 'run', run: this.create(spec, { ...options, folder }) };
    const { existing, owner, folder: own } = planEvaluation(spec, folder);
    if (existing !== undefined && !overwrite)
      return { type: 'found', record: this.#known.recordOf(owner ?? existing), folder: existing };
    if (owner === undefined) return { type: 'run', run: this.create(spec, { ...options, folder: own }) };
    const record = this.#known.recordOf(owner);
    this.#known.checkNoCopy(record);
    checkIdle(record);
    if (existing === undefined && record.kind === spec.kind)
      return { type: 'run', run: this.#restarted(spec, record, options) };
    const evaluation = { spec, owner: record, folder: existing ?? owner, dataDir: dataDirOf(options) };
    return { type: 'evaluation', evaluation };
  }

  /**
   * Creates a run with folder, spec and row, to be executed later. What it builds on must have a folder but need not be
   * finished. The caller has checked that it can be done, in a process where looking at data and folders delays nobody.
   * @throws CupbearerError `usage`, `conflict` if the folder is taken, `not-found`, `storage`.
   */
  create(spec: ParsedSpec, options: CreationOptions): PreparedRun {
    const folder = absolute(options);
    // Checked before anything is written.
    const parents = this.#parentIds(spec);
    const now = new Date();
    const path =
      folder === undefined
        ? createDatedRunFolder(
            resolve(workingDirOf(options), options.base ?? join('logs', runDefinitionOf(spec.kind).id)),
            now,
          )
        : createRunFolder(folder);
    const dataDir = dataDirOf(options);
    const file = newSpecFile(spec, { parents, created: now, dataDir, command: options.command });
    const record = { ...newRecord(path, file, this.#known.titleOf(spec)), tags: [...(options.tags ?? [])] };
    whileMaking(dirname(this.#catalogue.path), path, () => {
      writeSpec(path, file);
      try {
        this.#catalogue.insert(record);
      } catch (error) {
        // A run that the catalogue could not store must neither block the next attempt nor be found later.
        for (const name of ['spec.json', 'run.json']) rmSync(join(path, name), { force: true });
        throw error;
      }
    });
    return { spec, record, resume: false, dataDir };
  }

  /**
   * Prepares an interrupted training to be resumed, with smaller batches if `batchSize` is given.
   * @throws CupbearerError `conflict`, `usage`, `not-found`.
   */
  resume(options: CreationOptions & { batchSize?: number | undefined }): PreparedRun {
    const folder = absolute(options);
    if (folder === undefined)
      throw new CupbearerError('usage', 'Resuming needs the folder of the run.', {
        hint: worded`${command('Add --dir.full FOLDER.')}`,
      });
    // On a full disk, run.json could not be updated when the run ended; the catalogue's row counts.
    const known = this.#catalogue.byFolder(folder)?.status;
    const hasEnded = known !== undefined && known !== 'running' && known !== 'queued';
    const path = resumeRunFolder(folder, hasEnded ? () => false : isAtWork);
    const file = readSpec(path);
    const { kind, data_dir: usedBefore } = file;
    if (kind !== 'classifier') {
      throw new CupbearerError(
        'usage',
        `Only the training of a classifier can be resumed; "${path}" holds a run of kind ${kind}.`,
      );
    }
    const record = this.#known.recordOf(path);
    this.#known.checkNoCopy(record);
    const dataDir = options.dataDir === undefined ? (usedBefore ?? dataDirOf(options)) : dataDirOf(options);
    const before = specToRepeat(readStoredSpec(kind, file.spec));
    const spec = withSmallerBatches(before, options.batchSize);
    const earlier = spec === before ? [] : [...(file.earlier_batch_sizes ?? []), before.params.batch_size];
    if (dataDir !== usedBefore || earlier.length > 0) {
      replaceSpec(path, {
        ...file,
        spec: spec.params,
        data_dir: dataDir,
        ...(earlier.length > 0 ? { earlier_batch_sizes: earlier } : {}),
      });
    }
    if (spec !== before) this.#catalogue.update(record.id, { spec: spec.params });
    return { spec, record: { ...record, spec: spec.params }, resume: true, dataDir };
  }

  /** Does the same as {@link resume} for a run that has to wait. */
  resumeLater(folder: string, batchSize?: number): PreparedRun {
    const prepared = this.resume({ folder, batchSize });
    const { pid, started } = processIdentity();
    const record = this.#catalogue.update(prepared.record.id, {
      status: 'queued',
      ended_at: null,
      error: null,
      host_pid: pid,
      host_started: started,
    });
    return { ...prepared, record };
  }

  /** Prepares a run that was cancelled before it began to wait once more. @throws CupbearerError `bad-data`, `storage`. */
  again({ id, folder }: RunRecord): PreparedRun {
    const { kind, spec, data_dir: dataDir } = readSpec(folder);
    const { pid, started } = processIdentity();
    const record = this.#catalogue.update(id, {
      status: 'queued',
      ended_at: null,
      error: null,
      host_pid: pid,
      host_started: started,
    });
    return { spec: specToRepeat(readStoredSpec(kind, spec)), record, resume: false, dataDir: dataDir ?? dataDirOf({}) };
  }

  /** Returns the run of an interrupted evaluation, to be started over, possibly with another spec. */
  #restarted(spec: ParsedSpec, { id, folder, created_at }: RunRecord, options: CreationOptions): PreparedRun {
    const parents = this.#parentIds(spec);
    const dataDir = dataDirOf(options);
    const created = new Date(created_at);
    replaceSpec(folder, newSpecFile(spec, { parents, created, dataDir, command: options.command }));
    const title = this.#known.titleOf(spec);
    const record = this.#catalogue.update(id, { spec: spec.params, title, parents, versions: versions() });
    return { spec, record, resume: false, dataDir };
  }

  #parentIds(spec: ParsedSpec): string[] {
    return parentsOfRun(spec).map((parent) => this.#known.recordOf(parent).id);
  }
}

/** @throws CupbearerError `usage` if the batches are not smaller than those of the spec. */
function withSmallerBatches(spec: ParsedSpec<'classifier'>, batchSize: number | undefined): ParsedSpec<'classifier'> {
  const before = spec.params.batch_size;
  if (batchSize === undefined || batchSize === before) return spec;
  if (batchSize < before) return { ...spec, params: { ...spec.params, batch_size: batchSize } };
  throw new CupbearerError(
    'usage',
    `A training is resumed with its own batch size or a smaller one: expected at most ${before}, found ${batchSize}.`,
  );
}

function workingDirOf({ workingDir }: CreationOptions): string {
  return workingDir ?? process.cwd();
}

/** Returns the requested folder as an absolute path. */
function absolute({ folder, ...options }: CreationOptions): string | undefined {
  return folder === undefined ? undefined : resolve(workingDirOf(options), folder);
}

/** Returns the folder of datasets as an absolute path. */
function dataDirOf({ dataDir, ...options }: CreationOptions): string {
  return resolve(workingDirOf(options), dataDir ?? defaultDataDir());
}

/** @throws CupbearerError `conflict` if a process is working on the run. */
function checkIdle({ status, folder, host_pid: pid, host_started: started }: RunRecord): void {
  if ((status !== 'running' && status !== 'queued') || pid === null || !isAtWork(pid, started)) return;
  throw new CupbearerError('conflict', `Process ${pid} is still at work on the run in "${folder}".`, {
    hint: 'Wait until it ends, or stop it first.',
  });
}
