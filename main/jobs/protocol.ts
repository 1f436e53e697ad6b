import type { ErrorRecord } from '../../shared/errors.ts';
import type { EngineInfo, EngineStatus, SpeedReport } from '../../shared/domain/engine.ts';
import type { ParsedSpec } from '../runs/parsed-spec.ts';
import type { RunOutcome } from '../runs/run-definition.ts';
import type { EngineNews, OpeningNoted } from './engine-news.ts';

/** Everything that the compute process needs to execute a run. */
export interface Job {
  spec: ParsedSpec;
  /** The run's folder, which exists. */
  folder: string;
  dataDir: string;
  /** `auto` or an engine's id. */
  engine: string;
  resume: boolean;
  /** How many of the machine's processors the run may keep busy; all of them if left out. */
  processors?: number | undefined;
}

/** Requests to a compute process: execute a run, test whether an engine works, measure its speed. */
export type ComputeRequest =
  { type: 'run'; job: Job } | { type: 'engine-status'; engine: string } | { type: 'speed-test'; engine: string };

/** A request as it is sent, with its number and the ids of engines that must not be opened and the reason. */
export type SentRequest = ComputeRequest & { number: number; avoid: Readonly<Record<string, string>> };

/** The result of each request. */
export interface ComputeResults {
  run: RunOutcome;
  'engine-status': EngineStatus;
  'speed-test': SpeedReport;
}

/** Messages from the host to a compute process. A request follows the answer to the one before. */
export type HostMessage = SentRequest | OpeningNoted | { type: 'cancel' };

/** What a run reports while it is running. */
export type RunEvent =
  | { type: 'engine'; engine: EngineInfo }
  | { type: 'progress'; phase: string; done: number; total: number; note?: string }
  | { type: 'log'; time: string; message: string }
  /** The most memory that its process has taken meanwhile; comes last. */
  | { type: 'memory'; peakBytes: number };

/**
 * Messages from a compute process to the host. The last one of a request is `done` or `failed`; after `failed`, and after
 * `done` unless it `stays`, the process ends.
 */
export type ComputeMessage =
  | RunEvent
  | EngineNews
  | { type: 'done'; result: ComputeResults[keyof ComputeResults]; stays: boolean }
  | { type: 'failed'; error: ErrorRecord };

/** The line that ends the error output of a request if its process stays. */
export function endMark(number: number): string {
  return `\u0001end of request ${number}`;
}
