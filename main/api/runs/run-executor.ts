import type { EngineInfo } from '../../../shared/domain/engine.ts';
import type { EnginePart, RunRecord } from '../../../shared/domain/run.ts';
import { withEnginePart } from '../../../shared/engine-parts.ts';
import { toErrorRecord } from '../../../shared/errors.ts';
import type { ProcessLauncher } from '../../jobs/child-process.ts';
import { runInComputeProcess } from '../../jobs/compute.ts';
import { KeptProcesses } from '../../jobs/kept-processes.ts';
import type { Job, RunEvent } from '../../jobs/protocol.ts';
import type { RunOutcome } from '../../runs/run-definition.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { hashJson } from '../../storage/content-hash.ts';
import { processIdentity } from '../../storage/process-identity.ts';
import { endLeftOvers } from '../../storage/process-records.ts';
import { readSpec, replaceSpec } from '../../storage/run-folder.ts';
import type { FurtherEvaluation, PreparedRun } from './run-planner.ts';

/** How a run is executed, and its listeners. */
export interface ExecutionOptions {
  /** `auto` or an engine's id. */
  engine?: string;
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
  /** How many of the machine's processors the run may keep busy; all of them if left out. */
  processors?: number;
}

/** Executes planned runs in compute processes and keeps the catalogue up to date. */
export class RunExecutor {
  readonly #catalogue: Catalogue;
  readonly #launch: ProcessLauncher;
  readonly #environment: () => Readonly<Record<string, string>>;
  readonly #kept = new KeptProcesses();

  /** Each process is started with the variables that `environment` returns then. */
  constructor(
    catalogue: Catalogue,
    launch: ProcessLauncher,
    environment = (): Readonly<Record<string, string>> => ({}),
  ) {
    this.#catalogue = catalogue;
    this.#launch = launch;
    this.#environment = environment;
  }

  /** Ends the processes that wait for another run. */
  release(): void {
    this.#kept.release();
  }

  /** Ends them, and keeps no others. */
  close(): void {
    this.#kept.close();
  }

  /**
   * Executes a prepared run. Resolves with its record.
   * @throws CupbearerError what went wrong; the run is then in the catalogue as `failed` or `cancelled`.
   */
  async execute({ spec, record, resume, dataDir }: PreparedRun, options: ExecutionOptions = {}): Promise<RunRecord> {
    const identity = processIdentity();
    const started = performance.now();
    this.#catalogue.update(record.id, {
      status: 'running',
      started_at: new Date().toISOString(),
      ended_at: null,
      error: null,
      host_pid: identity.pid,
      host_started: identity.started,
    });
    try {
      const work = { spec, folder: record.folder, resume, dataDir };
      const outcome = await this.#compute(work, options, ({ id: engine, passedOver = {} }) =>
        this.#catalogue.update(record.id, {
          engine,
          engines_passed_over: passedOver,
          ...(resume ? enginePartsOf(record, engine, 'resumed') : record.engine_parts ? { engine_parts: [] } : {}),
        }),
      );
      completeSpec(record.folder, this.#catalogue.get(record.id).engine, outcome.fingerprints);
      this.#catalogue.update(record.id, {
        status: 'done',
        ended_at: new Date().toISOString(),
        metrics: outcome.metrics,
        timings: { ...outcome.timings, total: performance.now() - started },
        ...testDataOf(outcome),
      });
      return this.#catalogue.get(record.id);
    } catch (error) {
      this.abandon(record, error);
      throw error;
    }
  }

  /**
   * Evaluates into the folder of another run: its first evaluation, or one to be repeated. Resolves with that run's
   * record.
   */
  async evaluate(
    { spec, owner, folder, dataDir }: FurtherEvaluation,
    options: ExecutionOptions = {},
  ): Promise<RunRecord> {
    let engineParts = {};
    const outcome = await this.#compute({ spec, folder, resume: false, dataDir }, options, ({ id }) => {
      engineParts = enginePartsOf(owner, id, 'evaluation');
    });
    this.#catalogue.update(owner.id, {
      metrics: { ...owner.metrics, ...outcome.metrics },
      ...engineParts,
      ...testDataOf(outcome),
    });
    return this.#catalogue.get(owner.id);
  }

  /**
   * Records that a run failed or was cancelled. A deleted folder or a full disk must not hide why the run itself
   * failed.
   */
  abandon({ id }: RunRecord, error: unknown): void {
    const { stack: _, ...reason } = toErrorRecord(error);
    this.#catalogue.update(id, {
      status: reason.code === 'cancelled' ? 'cancelled' : 'failed',
      ended_at: new Date().toISOString(),
      error: reason,
    });
  }

  #compute(
    work: Omit<Job, 'engine'>,
    options: ExecutionOptions,
    onEngine: (engine: EngineInfo) => void,
  ): Promise<RunOutcome> {
    // Another program may have been killed in the meantime, with a process that still writes into this run's folder.
    endLeftOvers();
    return runInComputeProcess(
      { ...work, engine: options.engine ?? 'auto', processors: options.processors },
      {
        signal: options.signal,
        launch: this.#launch,
        env: this.#environment(),
        kept: this.#kept,
        onEvent: (event) => {
          if (event.type === 'engine') onEngine(event.engine);
          options.onEvent?.(event);
        },
      },
    );
  }
}

/** Returns what each engine computed of a run, including the part that starts now; nothing if only one engine did. */
function enginePartsOf(
  record: RunRecord,
  engine: string,
  part: EnginePart['part'],
): Required<Pick<RunRecord, 'engine_parts'>> | Record<string, never> {
  const parts = withEnginePart(record, { engine, part, started_at: new Date().toISOString() });
  return parts.length > 1 ? { engine_parts: parts } : {};
}

/** Returns what identifies the test data of an evaluation; nothing for other runs. */
function testDataOf({ fingerprints }: RunOutcome): { test_data?: string } {
  const test = Object.entries(fingerprints).filter(([role]) => role.startsWith('test'));
  return test.length === 0 ? {} : { test_data: hashJson(Object.fromEntries(test)).slice(0, 16) };
}

/**
 * Adds to spec.json what is known only when the run is done: the engine that `auto` chose and the data's fingerprints.
 */
function completeSpec(folder: string, engine: string | null, fingerprints: Record<string, string>): void {
  replaceSpec(folder, { ...readSpec(folder), engine, fingerprints });
}
