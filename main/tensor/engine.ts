import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import { CupbearerError } from '../../shared/errors.ts';
import { engines } from './engines/index.ts';
import type { EngineDefinition, EngineInfo } from './engines/engine-definition.ts';
import { registerGradients } from './gradients/index.ts';
import { selfTest } from './self-test.ts';

export type { EngineInfo } from './engines/engine-definition.ts';

/** Whether an engine works on this machine and, if not, why and what to do. */
export interface EngineStatus {
  id: string;
  title: string;
  works: boolean;
  info?: EngineInfo;
  reason?: string;
  hint?: string;
  /** Time that the self-test took, milliseconds; only where the engine works. */
  selfTestMs?: number;
}

/** Ids of all engines, the most desirable first. */
export const engineIds: readonly string[] = engines.map(({ id }) => id);

/** What the last attempt to load and test each engine gave; an engine is tested once in a process. */
const attempts = new Map<string, Promise<EngineStatus>>();
let startedId: string | undefined;

function attempt(engine: EngineDefinition): Promise<EngineStatus> {
  let status = attempts.get(engine.id);
  if (status === undefined) {
    status = loadAndTest(engine);
    attempts.set(engine.id, status);
  }
  return status;
}

async function loadAndTest(engine: EngineDefinition): Promise<EngineStatus> {
  const { id, title } = engine;
  try {
    registerGradients();
    const info = await engine.load();
    const start = performance.now();
    selfTest();
    return { id, title, works: true, info, selfTestMs: performance.now() - start };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = error instanceof CupbearerError ? (error.hint ?? engine.hint) : engine.hint;
    return { id, title, works: false, reason, hint };
  }
}

/**
 * Starts a compute engine and makes it the TensorFlow.js backend: one by its id, or with `auto` the first that loads
 * and passes its self-test. `auto` after a start keeps what runs; starting the same engine again does nothing.
 * @throws CupbearerError `usage` where there is no engine of that id, `engine` where it (or, with `auto`, every one) fails.
 */
export async function startEngine(choice: string): Promise<EngineInfo> {
  if (choice !== 'auto' && !engineIds.includes(choice))
    throw new CupbearerError(
      'usage',
      `There is no compute engine "${choice}"; there is auto, ${engineIds.join(', ')}.`,
    );
  const wanted = choice === 'auto' ? (startedId ?? 'auto') : choice;
  const failures: EngineStatus[] = [];
  for (const engine of engines.filter(({ id }) => wanted === 'auto' || id === wanted)) {
    const status = await attempt(engine);
    if (status.info !== undefined) {
      if (tf.getBackend() !== engine.id) await engine.load();
      startedId = engine.id;
      return status.info;
    }
    failures.push(status);
  }
  const reasons = failures.map(({ title, reason }) => `${title}: ${reason ?? 'unknown'}`).join(' ');
  const hint = failures.at(-1)?.hint;
  throw new CupbearerError(
    'engine',
    choice === 'auto' ? `No compute engine works. ${reasons}` : `The compute engine does not work. ${reasons}`,
    { ...(hint === undefined ? {} : { hint }), details: { failures } },
  );
}

/** Loads and tests every engine, then gives the word back to the one that was started, if any. */
export async function engineStatuses(): Promise<EngineStatus[]> {
  const statuses: EngineStatus[] = [];
  for (const engine of engines) statuses.push(await attempt(engine));
  const started = engines.find(({ id }) => id === startedId);
  if (started !== undefined && tf.getBackend() !== started.id) await started.load();
  return statuses;
}
