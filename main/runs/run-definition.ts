import type { z } from 'zod';
import type { Definition } from '../../shared/definition.ts';
import type { RunKind } from '../../shared/domain/run.ts';
import type { EngineInfo } from '../../shared/domain/engine.ts';
import type { DatasetKeeper } from '../data/dataset.ts';
import type { KeptActivations } from '../models/activation-store.ts';
import type { SpecParams } from './parsed-spec.ts';

/** What a run may use, and where it reports. Provided by the compute process. */
export interface RunContext {
  /** The run's own folder, which exists. */
  folder: string;
  dataDir: string;
  engine: EngineInfo;
  /** Keeps data for the next run of the same process. */
  keeper?: DatasetKeeper;
  /** Keeps what networks make of data for other runs; left out where all is computed. */
  activations?: KeptActivations | undefined;
  /** Whether to continue where an earlier attempt in the same folder stopped. */
  resume: boolean;

  signal: AbortSignal;
  /** How far a phase ("Training") is; called as often as convenient, the listener throttles. */
  progress(phase: string, done: number, total: number, note?: string): void;
  log(message: string): void;
}

/** What a finished run leaves in the catalogue; the rest is in its folder. */
export interface RunOutcome {
  /** Headline figures by name: `auroc`, `clean_accuracy`, ... */
  metrics: Record<string, number | null>;
  /** Milliseconds by phase. */
  timings: Record<string, number>;
  /** SHA-256 of models and datasets that took part, by role; completes spec.json. */
  fingerprints: Record<string, string>;
}

/** A kind of run: what can be asked for, and how it is done. */
export interface RunDefinition<Kind extends RunKind = RunKind> extends Definition {
  kind: Kind;
  params: z.ZodObject & z.ZodType<SpecParams[Kind]>;
  /** One line for lists: "mlp on mnist, corner pixel trigger". */
  describe(params: SpecParams[Kind]): string;
  /** Folders of the runs that this one builds on. */
  parents(params: SpecParams[Kind]): string[];
  /** Refuses what can be seen to be impossible before anything is loaded or written. @throws CupbearerError. */
  check(params: SpecParams[Kind], dataDir: string): void;
  run(params: SpecParams[Kind], context: RunContext): Promise<RunOutcome>;
}

/** Measures phases by name; a phase that is entered twice adds up. */
export class PhaseTimer {
  readonly timings: Record<string, number> = {};

  async measure<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.timings[phase] = (this.timings[phase] ?? 0) + performance.now() - start;
    }
  }
}
