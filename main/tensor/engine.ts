import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineInfo, EngineStatus } from '../../shared/domain/engine.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { engines } from './engines/index.ts';
import type { EngineDefinition } from './engines/engine-definition.ts';
import { registerGradients } from './gradients/index.ts';
import { selfTest } from './self-test.ts';
import { chooseThreads } from './thread-choice.ts';

export type { EngineInfo, EngineStatus } from '../../shared/domain/engine.ts';

/** Ids of all engines, the most desirable first. */
export const engineIds: readonly string[] = engines.map(({ id }) => id);

/** What engines are called, by id. */
export const engineTitles: ReadonlyMap<string, string> = new Map(engines.map(({ id, title }) => [id, title]));

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

/** What loading each engine gave; an engine is loaded once in a process. */
const loads = new Map<string, Promise<EngineInfo>>();

function load(engine: EngineDefinition): Promise<EngineInfo> {
  registerGradients();
  let loading = loads.get(engine.id);
  if (loading === undefined) {
    loading = chooseThreads().then(() => engine.load());
    loads.set(engine.id, loading);
  }
  return loading;
}

/** Makes an engine that was loaded the TensorFlow.js backend again where another took its place. */
async function makeCurrent(engine: EngineDefinition): Promise<void> {
  if (tf.getBackend() !== engine.backend) await engine.load();
}

/**
 * The engines in the order in which `auto` tries them: those on a GPU, then the others; without those that want to be passed
 * over. Asked before the self-test, which takes seconds on a software renderer.
 */
async function* automaticOrder(): AsyncGenerator<EngineDefinition, void> {
  const others: EngineDefinition[] = [];
  for (const engine of engines) {
    // One that does not load is tried with the others, for the reason why.
    const info = engine.mayUseGpu ? await load(engine).catch(() => undefined) : undefined;
    if (info?.onGpu) yield engine;
    else if (info?.passedOverByAuto === undefined) others.push(engine);
  }
  yield* others;
}

async function loadAndTest(engine: EngineDefinition): Promise<EngineStatus> {
  const { id, title } = engine;
  const failed = (failure: EngineStatus['failure'] & string, error: unknown): EngineStatus => ({
    id,
    title,
    works: false,
    failure,
    reason: error instanceof Error ? error.message : String(error),
    hint: error instanceof CupbearerError ? (error.hint ?? engine.hint) : engine.hint,
  });
  let info: EngineInfo;
  try {
    info = await load(engine);
    await makeCurrent(engine);
  } catch (error) {
    return failed('unavailable', error);
  }
  try {
    const start = performance.now();
    await selfTest();
    return { id, title, works: true, info, selfTestMs: performance.now() - start };
  } catch (error) {
    return failed('broken', error);
  }
}

/** Why the engines that stand before `chosen` were not taken, by id. */
async function whyNot(chosen: EngineDefinition, failures: readonly EngineStatus[]): Promise<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for (const { id } of engines.slice(0, engines.indexOf(chosen))) {
    const failure = failures.find((status) => status.id === id);
    const info = await loads.get(id)?.catch(() => undefined);
    // One that works and is not passed over computes on the CPU, and the one that was chosen on a GPU.
    reasons[id] = failure?.reason ?? info?.passedOverByAuto ?? `It computes on ${info?.device ?? 'the CPU'}.`;
  }
  return reasons;
}

/**
 * Starts a compute engine and makes it the TensorFlow.js backend: one by its id, or with `auto` the first that loads,
 * passes its self-test and does not ask to be passed over, one on a GPU before all others. `auto` after a start keeps what runs; starting the same engine
 * again does nothing. `warn` hears of an engine that `auto` finds broken.
 * @throws CupbearerError `usage` where there is no engine of that id, `engine` where it (or, with `auto`, every one) fails.
 */
export async function startEngine(choice: string, warn?: (message: string) => void): Promise<EngineInfo> {
  if (choice !== 'auto' && !engineIds.includes(choice))
    throw new CupbearerError(
      'usage',
      `There is no compute engine "${choice}"; there is auto, ${engineIds.join(', ')}.`,
    );
  const wanted = choice === 'auto' ? (startedId ?? 'auto') : choice;
  const failures: EngineStatus[] = [];
  for await (const engine of wanted === 'auto' ? automaticOrder() : engines.filter(({ id }) => id === wanted)) {
    const status = await attempt(engine);
    if (status.info !== undefined) {
      await makeCurrent(engine);
      startedId = engine.id;
      return wanted === 'auto' ? { ...status.info, passedOver: await whyNot(engine, failures) } : status.info;
    }
    if (status.failure === 'broken') warn?.(`The engine "${status.id}" is broken and not used. ${status.reason}`);
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

/** Loads and tests one engine, as `startEngine` would, and says how it went. @throws CupbearerError `usage` for no engine's id. */
export async function engineStatus(id: string): Promise<EngineStatus> {
  const engine = engines.find((candidate) => candidate.id === id);
  if (engine === undefined)
    throw new CupbearerError('usage', `There is no compute engine "${id}"; there is ${engineIds.join(', ')}.`);
  return attempt(engine);
}

/** Loads and tests every engine, then gives the word back to the one that was started, if any. */
export async function engineStatuses(): Promise<EngineStatus[]> {
  const statuses: EngineStatus[] = [];
  for (const engine of engines) statuses.push(await attempt(engine));
  const started = engines.find(({ id }) => id === startedId);
  if (started !== undefined) await makeCurrent(started);
  return statuses;
}
