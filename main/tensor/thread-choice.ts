import { existsSync } from 'node:fs';
import { availableParallelism, cpus, hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { cupbearerHome } from '../storage/home.ts';
import { toJsonText } from '../storage/json-text.ts';
import { writePrivateFile } from '../storage/private-files.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { kernelsVersion } from './kernels/modules.ts';
import { WasmComoment } from './linalg/wasm-comoment.ts';
import { computePool, useThreads } from './threads/compute-threads.ts';
import { ownProcessors } from './threads/processors.ts';

/** More threads than this wait for memory and for one another rather than compute. */
const MOST_THREADS = 8;
/** Each further step up must make the work faster by this factor: threads also take processors from other work. */
const LEAST_GAIN = 1.15;
/**
 * How often each number of threads is timed; the shortest time counts, which other work on the machine spoils least.
 * Threads that have just begun are slow for the first ten.
 */
const ROUNDS = 30;
/**
 * How often a measurement that finds fewer threads than there are processors is tried: the machine may have been busy.
 */
const ATTEMPTS = 3;
const PAUSE_MS = 100;
/** For how long such a verdict holds after that. */
const DOUBT_MS = 60 * 1000;

const rememberedSchema = z.record(
  z.string(),
  z.object({ threads: z.int().positive(), measuredAt: z.iso.datetime({ offset: true }) }),
);
type Remembered = z.infer<typeof rememberedSchema>;

/** Where it is remembered how many threads are worth it on which machine. */
export function threadsPath(home: string = cupbearerHome()): string {
  return join(home, 'threads.json');
}

/** What decides how many threads are worth it: a change of any of these is measured again. */
function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const { node, electron } = process.versions;
  const runtime = electron === undefined ? `Node.js ${node}` : `Electron ${electron}`;
  return `${hostname()}: ${processor}, ${availableParallelism()} threads, ${runtime}, kernels ${kernelsVersion()}`;
}

function read(path: string): Remembered {
  if (!existsSync(path)) return {};
  try {
    return rememberedSchema.parse(readJsonFile(path));
  } catch {
    // A damaged file costs a measurement.
    return {};
  }
}

function write(path: string, remembered: Remembered): void {
  try {
    writePrivateFile(path, toJsonText(remembered));
  } catch (error) {
    // A home that cannot be written costs a measurement each time.
    if (!(error instanceof CupbearerError)) throw error;
  }
}

/**
 * How many threads CUPBEARER_THREADS asks for, if it is set. @throws CupbearerError `usage` if it is no number of
 * threads.
 */
function threadsAskedFor(): number | undefined {
  const text = process.env['CUPBEARER_THREADS'];
  if (text === undefined || text === '') return undefined;
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1 || threads > 64)
    throw new CupbearerError('usage', `CUPBEARER_THREADS takes a number of threads from 1 to 64, got "${text}".`);
  return threads;
}

/** Shortest time of a few updates of a covariance with so many threads, milliseconds. */
async function timeWith(threads: number, x: Float32Array, dims: number): Promise<number> {
  useThreads(threads);
  await computePool()?.start();
  const comoment = new WasmComoment(dims);
  const before = { count: 0, mean: new Float64Array(dims) };
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    comoment.update(x, x.length / dims, before);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** The largest number that is tried out: they are doubled. */
const mostThreads = (processors: number) => 2 ** Math.floor(Math.log2(Math.min(processors, MOST_THREADS)));

/** The number of threads that is found best, of a few attempts that all take a tenth of a second, the largest. */
export async function measureThreads(processors: number = availableParallelism()): Promise<number> {
  const most = mostThreads(processors);
  let best = await measureOnce(most);
  for (let attempt = 1; attempt < ATTEMPTS && best < most; attempt++) {
    await setTimeout(PAUSE_MS);
    best = Math.max(best, await measureOnce(most));
  }
  return best;
}

/**
 * The fewest threads with which a short piece of work is as fast as it gets here, tried out by doubling; 1 where
 * threads do not work or do not help.
 */
async function measureOnce(most: number): Promise<number> {
  const dims = 240;
  const x = Float32Array.from({ length: 256 * dims }, (_, i) => Math.sin(i));
  let chosen = 1;
  try {
    // The first rounds compile.
    await timeWith(1, x, dims);
    let least = await timeWith(1, x, dims);
    for (let threads = 2; threads <= most; threads *= 2) {
      const time = await timeWith(threads, x, dims);
      if (time * LEAST_GAIN > least) break;
      [chosen, least] = [threads, time];
    }
  } catch {
    // Threads that fail here are not used; one thread always works.
  }
  return chosen;
}

/**
 * How many threads kernels are to use: what CUPBEARER_THREADS says, else what is remembered of this machine, else what
 * `measure` finds, which is then remembered.
 * @throws CupbearerError `usage` if CUPBEARER_THREADS is no number of threads.
 */
export async function wantedThreads(
  path: string = threadsPath(),
  measure: () => Promise<number> = measureThreads,
  processors: number = availableParallelism(),
): Promise<number> {
  const askedFor = threadsAskedFor();
  if (askedFor !== undefined) return askedFor;
  if (processors === 1) return 1;
  const remembered = read(path);
  const known = remembered[machine()];
  const isInDoubt = (known?.threads ?? 0) < mostThreads(processors);
  if (known !== undefined && (!isInDoubt || Date.now() - Date.parse(known.measuredAt) < DOUBT_MS)) return known.threads;
  const threads = await measure();
  write(path, { ...remembered, [machine()]: { threads, measuredAt: new Date().toISOString() } });
  return threads;
}

let wanted: Promise<number> | undefined;

/**
 * Has the kernels of this process use as many threads as are worth it, and no more than its share of the processors
 * unless CUPBEARER_THREADS says so. What is worth it is found out once in a process; the share may change.
 * @throws CupbearerError `usage` as `wantedThreads`.
 */
export async function chooseThreads(): Promise<void> {
  wanted ??= wantedThreads();
  const threads = await wanted;
  useThreads(threadsAskedFor() === undefined ? Math.min(threads, ownProcessors()) : threads);
  // They get ready while the engine loads.
  void computePool()?.start();
}
