import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineInfo, EngineStatus } from '../../shared/domain/engine.ts';
import { failureWords } from '../../shared/engine-text.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { failedStatus, mayPass } from './engine-failure.ts';
import { announceOpening, whileOpening, whyAvoided } from './engine-openings.ts';
import { engines } from './engines/index.ts';
import type { EngineDefinition } from './engines/engine-definition.ts';
import { registerGradients } from './gradients/index.ts';
import { selfTest } from './self-test.ts';
import { chooseThreads } from './thread-choice.ts';
import { given } from '../../shared/given.ts';

export type { EngineInfo } from '../../shared/domain/engine.ts';

/** Ids of all engines, the most desirable first. */
export const engineIds: readonly string[] = engines.map(({ id }) => id);

/** What engines are called, by id. */
export const engineTitles: ReadonlyMap<string, string> = new Map(engines.map(({ id, title }) => [id, title]));

/** What a user can do where an engine does not work, by id. */
export const engineHints: ReadonlyMap<string, string> = new Map(engines.map(({ id, hint }) => [id, hint]));

/** Whether what is chosen, `auto` or an engine's id, may turn out to compute on a GPU. */
export function mayUseGpu(choice: string): boolean {
  return choice === 'auto' || engines.some((engine) => engine.id === choice && engine.mayUseGpu);
}

/** Whether an engine may be replaced or removed while the program is running. */
export function mayBeReplaced(id: string): boolean {
  return engines.some((engine) => engine.id === id && engine.isInstalledBeside);
}

/** What the last attempt to load and test each engine gave; one that may pass is made again. */
const attempts = new Map<string, Promise<EngineStatus>>();
let startedId: string | undefined;

function attempt(engine: EngineDefinition): Promise<EngineStatus> {
  if (engine.hasFailed?.()) forget(engine);
  const known = attempts.get(engine.id);
  if (known !== undefined) return known;
  const made = loadAndTest(engine).then((status) => {
    if (mayPass(status)) forget(engine);
    return status;
  });
  attempts.set(engine.id, made);
  return made;
}

function forget({ id }: EngineDefinition): void {
  attempts.delete(id);
  loads.delete(id);
}

/** What loading each engine gave; an engine is loaded once in a process, unless its device fails. */
const loads = new Map<string, Promise<EngineInfo>>();
/** Engines that have taken memory of a GPU, whether they passed the self-test or not. */
const onGpu = new Set<string>();

function load(engine: EngineDefinition): Promise<EngineInfo> {
  registerGradients();
  let loading = loads.get(engine.id);
  if (loading === undefined) {
    loading = open(engine);
    loads.set(engine.id, loading);
  }
  return loading;
}

async function open(engine: EngineDefinition): Promise<EngineInfo> {
  await chooseThreads();
  await announceOpening(engine.id);
  const info = await engine.load();
  if (info.onGpu) onGpu.add(engine.id);
  return info;
}

/** Makes an engine that was loaded the TensorFlow.js backend again where another took its place. */
async function makeCurrent(engine: EngineDefinition): Promise<void> {
  if (tf.getBackend() !== engine.backend) await engine.load();
}

/**
 * The engines in the order in which `auto` tries them: those on a GPU, then the others; without those that want to be
 * passed over. Asked before the self-test, which takes seconds on a software renderer.
 */
async function* automaticOrder(): AsyncGenerator<EngineDefinition, void> {
  const others: EngineDefinition[] = [];
  for (const engine of engines) {
    // One that does not load is tried with the others, for the reason why.
    if (engine.hasFailed?.()) forget(engine);
    const isTried = engine.mayUseGpu && whyAvoided(engine.id) === undefined;
    const info = isTried ? await load(engine).catch(() => undefined) : undefined;
    if (info?.onGpu) yield engine;
    else if (info?.passedOverByAuto === undefined) others.push(engine);
  }
  yield* others;
}

async function loadAndTest(engine: EngineDefinition): Promise<EngineStatus> {
  const { id, title } = engine;
  let info: EngineInfo;
  try {
    info = await load(engine);
    await makeCurrent(engine);
  } catch (error) {
    return failedStatus(engine, error, 'unavailable');
  }
  try {
    await announceOpening(id);
    const start = performance.now();
    await selfTest();
    return { id, title, works: true, info, selfTestMs: performance.now() - start };
  } catch (error) {
    return failedStatus(engine, error, 'threw');
  }
}

/** As `attempt`, but for one that ended a process before: that one would end this one too. */
async function attemptSafely(engine: EngineDefinition): Promise<EngineStatus> {
  const reason = whyAvoided(engine.id);
  return reason === undefined ? attempt(engine) : failedStatus(engine, reason, 'crashed');
}

/** Why the engines that stand before `chosen` were not taken, by id. */
async function whyNot(chosen: EngineDefinition, failures: readonly EngineStatus[]): Promise<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for (const { id } of engines.slice(0, engines.indexOf(chosen)))
    reasons[id] = failures.find((status) => status.id === id)?.reason ?? whyAvoided(id) ?? (await whyBehind(id));
  return reasons;
}

/** Why an engine was not tried, the one that was chosen computing on a GPU. */
async function whyBehind(id: string): Promise<string> {
  try {
    const info = await loads.get(id);
    return info?.passedOverByAuto ?? `It computes on ${info?.device ?? 'the CPU'}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The engines to try for a choice, one after another until one works. */
async function* candidates(choice: string, afresh: boolean): AsyncGenerator<EngineDefinition, void> {
  if (choice !== 'auto') {
    yield* engines.filter(({ id }) => id === choice);
    return;
  }
  const started = afresh ? undefined : engines.find(({ id }) => id === startedId);
  if (started !== undefined) yield started;
  for await (const engine of automaticOrder()) if (engine !== started) yield engine;
}

/**
 * Starts a compute engine and makes it the TensorFlow.js backend: one by its id, or with `auto` the first that loads,
 * passes its self-test and does not ask to be passed over, one on a GPU before all others. `auto` after a start keeps
 * what runs; starting the same engine again does nothing, unless its device was lost or has failed: then it opens a new
 * one.
 * @throws CupbearerError `usage` if there is no engine of that id, `engine` if it (or, with `auto`, every one) fails.
 */
export function startEngine(choice: string, options: StartOptions = {}): Promise<EngineInfo> {
  return whileOpening(() => start(choice, options), holdsGpu);
}

interface StartOptions {
  /** Hears of an engine that `auto` finds there but cannot use. */
  warn?: (message: string) => void;
  /** Has `auto` choose as if nothing had been started. */
  afresh?: boolean;
}

const holdsGpu = () => onGpu.size > 0;

async function start(choice: string, { warn, afresh = false }: StartOptions): Promise<EngineInfo> {
  if (choice !== 'auto' && !engineIds.includes(choice))
    throw new CupbearerError(
      'usage',
      `There is no compute engine "${choice}"; there is auto, ${engineIds.join(', ')}.`,
    );
  const startedBefore = afresh ? undefined : startedId;
  const failures: EngineStatus[] = [];
  for await (const engine of candidates(choice, afresh)) {
    const status = await attemptSafely(engine);
    if (status.info !== undefined) {
      await makeCurrent(engine);
      startedId = engine.id;
      const isChosen = choice === 'auto' && engine.id !== startedBefore;
      return isChosen ? { ...status.info, passedOver: await whyNot(engine, failures) } : status.info;
    }
    const { id, reason = 'unknown' } = status;
    if (status.failure !== 'unavailable')
      warn?.(`The engine "${id}" ${failureWords(status)} and is not used. ${reason}`);
    failures.push(status);
  }
  const reasons = failures.map(({ title, reason }) => `${title}: ${reason ?? 'unknown'}`).join(' ');
  const hint = failures.at(-1)?.hint;
  throw new CupbearerError(
    'engine',
    choice === 'auto' ? `No compute engine works. ${reasons}` : `The compute engine does not work. ${reasons}`,
    { ...given({ hint }), details: { failures } },
  );
}

/**
 * Loads and tests one engine, as `startEngine` would, and says how it went.
 * @throws CupbearerError `usage` for no engine's id.
 */
export async function engineStatus(id: string): Promise<EngineStatus> {
  const engine = engines.find((candidate) => candidate.id === id);
  if (engine === undefined)
    throw new CupbearerError('usage', `There is no compute engine "${id}"; there is ${engineIds.join(', ')}.`);
  return whileOpening(() => attemptSafely(engine), holdsGpu);
}

/** Loads and tests every engine, then gives the word back to the one that was started, if any. */
export async function engineStatuses(): Promise<EngineStatus[]> {
  const statuses: EngineStatus[] = [];
  for (const { id } of engines) statuses.push(await engineStatus(id));
  const started = engines.find(({ id }) => id === startedId);
  if (started !== undefined) await makeCurrent(started);
  return statuses;
}

/** How many tensors the engine holds: as many after a run as before it, if the run has let go of all. */
export function tensorCount(): number {
  return tf.memory().numTensors;
}
