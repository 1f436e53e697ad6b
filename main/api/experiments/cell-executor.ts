import type { RunRecord } from '../../../shared/domain/run.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import type { QueuedRuns } from '../runs/queued-runs.ts';
import type { Workbench } from '../workbench.ts';

/** A cell that is to be computed. */
interface CellRequest {
  spec: ParsedSpec;
  /** Where its results are to be; it does not exist yet. */
  folder: string;
  /** `auto` or an engine's id. */
  engine: string;
  tags: readonly string[];
}

/**
 * Where cells are computed. Cells are known by the folder that they are asked for in, so asking twice changes nothing, and
 * an executor on another machine only has to copy that folder back.
 */
export interface CellExecutor {
  /** Cells that may be submitted and not ended at a time. */
  readonly slots: number;
  /** Lets a cell wait for its turn. Returns its run's id. @throws CupbearerError `usage`, `conflict`, `storage`. */
  submit(request: CellRequest): string;
  /** Lets a training go on that was cut off. @throws CupbearerError `conflict`, `not-found`. */
  resume(id: string): void;
  /** Where a cell stands; `ended` also if it never was here. */
  poll(id: string): 'waiting' | 'running' | 'ended';
  cancel(id: string): Promise<void>;
  /** Resolves to the run once it has ended, successfully or not. */
  collect(id: string): Promise<RunRecord>;
}

/** Computes cells on this machine, in the queue that all runs of the program wait in. */
export class LocalExecutor implements CellExecutor {
  readonly #workbench: Workbench;
  readonly #queued: QueuedRuns;
  readonly #slots: () => number;

  constructor(workbench: Workbench, queued: QueuedRuns, slots: () => number) {
    this.#workbench = workbench;
    this.#queued = queued;
    this.#slots = slots;
  }

  get slots(): number {
    return this.#slots();
  }

  submit({ spec, folder, engine, tags }: CellRequest): string {
    return this.#queued.enqueue([{ spec, folder, engine, tags }])[0]!.id;
  }

  resume(id: string): void {
    this.#queued.resume(id);
  }

  poll(id: string): 'waiting' | 'running' | 'ended' {
    if (!this.#queued.has(id)) return 'ended';
    return this.#workbench.catalogue.get(id).status === 'running' ? 'running' : 'waiting';
  }

  async cancel(id: string): Promise<void> {
    await this.#queued.cancel([id]);
  }

  async collect(id: string): Promise<RunRecord> {
    await this.#queued.ended(id);
    return this.#workbench.catalogue.get(id);
  }
}
