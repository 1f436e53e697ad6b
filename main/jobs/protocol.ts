import type { ErrorRecord } from '../../shared/errors.ts';
import type { EngineInfo, EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import type { EngineNews, OpeningNoted } from './engine-news.ts';

/** All that the compute process needs to know to do a run. */
export interface Job {
  spec: ParsedSpec;
  /** The run's folder, which exists. */
  folder: string;
  dataDir: string;
  /** `auto` or an engine's id. */
  engine: string;
  resume: boolean;
}

/** What a compute process can be asked to do: a run, whether an engine works, how fast it is. */
export type ComputeRequest =
  { type: 'run'; job: Job } | { type: 'engine-status'; engine: string } | { type: 'speed-test'; engine: string };

/** A request as it is sent: with the engines that must not be opened, by id, and why. */
export type SentRequest = ComputeRequest & { avoid: Readonly<Record<string, string>> };

/** What each request gives. */
export interface ComputeResults {
  run: RunOutcome;
  'engine-status': EngineStatus;
  'speed-test': SpeedReport;
}

/** Host to compute process. One request comes, once. */
export type HostMessage = SentRequest | OpeningNoted | { type: 'cancel' };

/** What a run tells while it goes on. */
export type RunEvent =
  | { type: 'engine'; engine: EngineInfo }
  | { type: 'progress'; phase: string; done: number; total: number; note?: string }
  | { type: 'log'; time: string; message: string };

/** Compute process to host. The last message is `done` or `failed`. */
export type ComputeMessage =
  | RunEvent
  | EngineNews
  | { type: 'done'; result: ComputeResults[keyof ComputeResults] }
  | { type: 'failed'; error: ErrorRecord };
