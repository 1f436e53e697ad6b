import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import { forkProcess, type ProcessLauncher } from '../jobs/child-process.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import type { Catalogue } from '../storage/catalogue.ts';
import { openCatalogue } from '../storage/open-catalogue.ts';
import { isProcessAlive } from '../storage/process-identity.ts';
import { endLeftOvers, isAtWork } from '../storage/process-records.ts';
import { finishTrashMoves } from '../storage/trash-moves.ts';
import { KnownRuns } from './runs/known-runs.ts';
import { RunExecutor, type ExecutionOptions } from './runs/run-executor.ts';
import { RunPlanner, type CreationOptions } from './runs/run-planner.ts';

/** Options of a run that is created and executed at once. */
export interface LaunchOptions extends CreationOptions, ExecutionOptions {
  /** Repeats an evaluation that exists already. */
  overwrite?: boolean;
}

/** Options of a training that is resumed at once. */
export interface ResumeOptions extends CreationOptions, ExecutionOptions {
  /** A smaller batch size than before, to need less memory. */
  batchSize?: number | undefined;
}

/** A run that has succeeded. */
export interface FinishedRun {
  record: RunRecord;
  /** Folder with the results of this request: the run's own, or one inside it. */
  folder: string;
  /** Whether the result existed already and nothing was computed. */
  found: boolean;
}

/**
 * How long to wait for a left-over process before its run is marked anyway; the process should end itself within two
 * seconds.
 */
const lateMarkMs = 3000;

/** Opens the catalogue and creates what knows, plans and executes runs. */
export class Workbench {
  readonly catalogue: Catalogue;
  readonly known: KnownRuns;
  readonly planner: RunPlanner;
  readonly executor: RunExecutor;
  /** Runs whose process was gone at the start. */
  readonly interrupted: readonly RunRecord[];
  #lateMark: NodeJS.Timeout | undefined;

  /**
   * Opens the user's catalogue and marks runs whose process is gone as `interrupted`, once nothing works on them any
   * more. Compute processes get the variables that `environment` returns when they are started.
   */
  constructor(
    catalogueFile?: string,
    launch: ProcessLauncher = forkProcess,
    environment?: () => Readonly<Record<string, string>>,
  ) {
    this.catalogue = catalogueFile === undefined ? openCatalogue() : openCatalogue(catalogueFile);
    this.known = new KnownRuns(this.catalogue);
    this.planner = new RunPlanner(this.catalogue, this.known);
    this.executor = new RunExecutor(this.catalogue, launch, environment);
    this.#finishTrashMoves();
    const haveEnded = endLeftOvers();
    this.interrupted = this.catalogue.markInterrupted(isAtWork);
    if (!haveEnded) this.#lateMark = setTimeout(() => this.#markInAnyCase(), lateMarkMs).unref();
  }

  close(): void {
    this.executor.close();
    clearTimeout(this.#lateMark);
    this.catalogue.close();
  }

  /**
   * Plans what is asked for and executes it at once.
   * @throws CupbearerError what went wrong; the run is then in the catalogue as `failed` or `cancelled`.
   */
  async run(spec: ParsedSpec, options: LaunchOptions = {}): Promise<FinishedRun> {
    const plan = this.planner.plan(spec, options);
    switch (plan.type) {
      case 'found':
        return { record: plan.record, folder: plan.folder, found: true };
      case 'run':
        return finished(await this.executor.execute(plan.run, options));
      case 'evaluation':
        return finished(await this.executor.evaluate(plan.evaluation, options), plan.evaluation.folder);
    }
  }

  /** Resumes the interrupted training in `folder` at once. @throws CupbearerError as {@link run}. */
  async resume(options: ResumeOptions): Promise<FinishedRun> {
    return finished(await this.executor.execute(this.planner.resume(options), options));
  }

  /** What cannot be moved must not keep the program from starting. */
  #finishTrashMoves(): void {
    try {
      finishTrashMoves(this.catalogue, isProcessAlive);
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      this.catalogue.notices.push(
        `What was being moved into the trash, or out of it, is not yet where it belongs. ${error.message}`,
      );
    }
  }

  /** A process that the system cannot end must not keep its run unfinished forever. */
  #markInAnyCase(): void {
    try {
      this.catalogue.markInterrupted(isProcessAlive);
    } catch (error) {
      this.catalogue.notices.push(`An interrupted run is not marked as such yet. ${toErrorRecord(error).message}`);
    }
  }
}

function finished(record: RunRecord, folder = record.folder): FinishedRun {
  return { record, folder, found: false };
}
