import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { functionsOf, instantiate } from '../../../main/tensor/threads/task.ts';
import { ThreadPool } from '../../../main/tensor/threads/thread-pool.ts';
import { meetingModule } from './meeting.ts';

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await meetingModule();
});

const pools: ThreadPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

/** A pool that knows the module, and how to run one of its functions over numbers that begin as zeros. */
function setUp(threads: number, options?: { patienceMs: number }) {
  const pool = new ThreadPool(threads, { ...options, isForced: true });
  pools.push(pool);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { names, functions } = functionsOf(instantiate(module, memory));
  const slot = pool.add(module, memory);
  const numbers = new Int32Array(memory.buffer, 0, 300);
  const run = (name: string, parts: number) => {
    numbers.fill(0);
    const index = names.indexOf(name);
    pool.run(slot, index, functions[index]!, parts, [0]);
    return numbers;
  };
  return { pool, slot, run };
}

/** Workers that are started while `action` runs. */
async function workersStartedBy(action: () => void): Promise<Worker[]> {
  const workers: Worker[] = [];
  const listener = (worker: Worker) => void workers.push(worker);
  process.on('worker', listener);
  action();
  // They are told of after what runs now.
  await setImmediate();
  process.off('worker', listener);
  return workers;
}

describe('ThreadPool', () => {
  it('works on a task together with the thread that calls', () => {
    const { run } = setUp(2);
    for (let task = 0; task < 50; task++) expect([...run('both', 2).subarray(1, 3)].sort()).toEqual([100, 101]);
  });

  it.each([1, 2, 3, 255])('does each of %i parts once, task after task, with more and with fewer threads', (parts) => {
    for (const threads of [2, 3, 5]) {
      const { run } = setUp(threads);
      for (let task = 0; task < 300; task++) {
        const done = run('count', parts);
        expect(done.subarray(1, parts + 1).every((times) => times === 1)).toBe(true);
        expect(done[parts + 1]).toBe(0);
      }
    }
  });

  it('finds a module that was added after the threads were started', async () => {
    const { pool, run } = setUp(2);
    await pool.start();
    run('both', 2);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const { names, functions } = functionsOf(instantiate(module, memory));
    const index = names.indexOf('both');
    pool.run(pool.add(module, memory), index, functions[index]!, 2, [0]);
    expect([...new Int32Array(memory.buffer, 4, 2)].sort()).toEqual([100, 101]);
  });

  it('starts other threads after a module was removed', async () => {
    const { pool, run } = setUp(2);
    expect(await workersStartedBy(() => run('both', 2))).toHaveLength(1);
    pool.remove(pool.add(module, new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })));
    const workers = await workersStartedBy(() => run('both', 2));
    expect(workers).toHaveLength(1);
  });

  it('says so when a part fails in a thread, and from then on', () => {
    const { run } = setUp(2);
    const failure = expect.objectContaining({
      code: 'engine',
      message: expect.stringMatching(/^A thread that computes has failed: .*unreachable/) as string,
      hint: expect.stringContaining('CUPBEARER_THREADS=1') as string,
    }) as Error;
    expect(() => run('helperFails', 2)).toThrow(failure);
    expect(() => run('both', 2)).toThrow(failure);
  });

  it('passes on what fails in the thread that calls', () => {
    const { run } = setUp(2);
    expect(() => run('callerFails', 255)).toThrow(/unreachable/);
    expect(() => run('both', 2)).toThrow(expect.objectContaining({ code: 'engine' }));
  });

  it('does not wait for ever for a thread that does not answer', () => {
    const { run } = setUp(2, { patienceMs: 1000 });
    expect(() => run('helperNeverEnds', 2)).toThrow(
      expect.objectContaining({ code: 'engine', message: expect.stringContaining('has not answered') as string }),
    );
  });

  it('says so when a thread has died between two tasks', async () => {
    const { run } = setUp(2);
    const [worker] = await workersStartedBy(() => run('both', 2));
    const exit = once(worker!, 'exit');
    await worker!.terminate();
    await exit;
    expect(() => run('both', 2)).toThrow(
      expect.objectContaining({ code: 'engine', message: expect.stringContaining('has ended') as string }),
    );
  });

  it('refuses more parts than it can count', () => {
    expect(() => setUp(2).run('count', 256)).toThrow(/255 parts at most, got 256/);
  });

  it('does not keep a process alive, and writes nothing at its end', () => {
    const folder = new URL('../../../main/tensor/', import.meta.url).href;
    const program = `
      const { useThreads, computePool } = await import(${JSON.stringify(`${folder}threads/compute-threads.ts`)});
      const { MomentAccumulator } = await import(${JSON.stringify(`${folder}linalg/moments.ts`)});
      useThreads(3);
      await computePool().start();
      const moments = new MomentAccumulator(200);
      moments.update(new Float32Array(200 * 600), 600);
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
