import type { RunRecord } from '../../shared/domain/run.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import { forkProcess, type ProcessLauncher } from '../jobs/child-process.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import type { Catalogue } from '../storage/catalogue.ts';
import { openCatalogue } from '../storage/open-catalogue.ts';
import { isProcessAlive } from '../storage/process-identity.ts';
import { endLeftOvers, isAtWork } from '../storage/process-records.ts';
import { KnownRuns } from './runs/known-runs.ts';
import { RunExecutor, type ExecutionOptions } from './runs/run-executor.ts';
import { RunPlanner, type CreationOptions } from './runs/run-planner.ts';

/** A run that is created and done at once. */
export interface LaunchOptions extends CreationOptions, ExecutionOptions {
  /** Computes an evaluation again that is already there. */
  overwrite?: boolean;
}

/** A training that goes on at once. */
export interface ResumeOptions extends CreationOptions, ExecutionOptions {
  /** Smaller batches than it had, so that it needs less memory. */
  batchSize?: number | undefined;
}

/** A run that has ended well. */
export interface FinishedRun {
  record: RunRecord;
  /** Folder with the results of this very request: the run's own, or one inside it. */
  folder: string;
  /** The result was there already and nothing was computed. */
  found: boolean;
}

/** How long a run may wait for a left-over process to end before it is marked; its own watch gives it two seconds. */
const lateMarkMs = 3000;

/** Opens the catalogue and puts together what knows, plans and executes runs. */
export class Workbench {
  readonly catalogue: Catalogue;
  readonly known: KnownRuns;
  readonly planner: RunPlanner;
  readonly executor: RunExecutor;
  /** Runs that were found without their process at the start. */
  readonly interrupted: readonly RunRecord[];
  #lateMark: NodeJS.Timeout | undefined;

  /** Opens the user's catalogue; runs whose process has gone are marked `interrupted`, once nothing works on them. */
  constructor(catalogueFile?: string, launch: ProcessLauncher = forkProcess) {
    this.catalogue = catalogueFile === undefined ? openCatalogue() : openCatalogue(catalogueFile);
    this.known = new KnownRuns(this.catalogue);
    this.planner = new RunPlanner(this.catalogue, this.known);
    this.executor = new RunExecutor(this.catalogue, launch);
    const haveEnded = endLeftOvers();
    this.interrupted = this.catalogue.markInterrupted(isAtWork);
    if (!haveEnded) this.#lateMark = setTimeout(() => this.#markInAnyCase(), lateMarkMs).unref();
  }

  close(): void {
    clearTimeout(this.#lateMark);
    this.catalogue.close();
  }

  /**
   * Plans what is asked for and does it at once.
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

  /** Goes on at once with the training in `folder` that was cut off. @throws CupbearerError as {@link run}. */
  async resume(options: ResumeOptions): Promise<FinishedRun> {
    return finished(await this.executor.execute(this.planner.resume(options), options));
  }

  /** A process that the system does not let go must not leave its run without an end. */
  #markInAnyCase(): void {
    try {
      this.catalogue.markInterrupted(isProcessAlive);
    } catch (error) {
      this.catalogue.notices.push(`A run that was cut off is not marked so yet. ${toErrorRecord(error).message}`);
    }
  }
}

function finished(record: RunRecord, folder = record.folder): FinishedRun {
  return { record, folder, found: false };
}
