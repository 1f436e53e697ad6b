import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  forkProcess,
  type ChildProcess,
  type LaunchOptions,
  type ProcessLauncher,
} from '../../main/jobs/child-process.ts';
import { runInComputeProcess } from '../../main/jobs/compute.ts';
import { KeptProcesses } from '../../main/jobs/kept-processes.ts';
import type { Job, RunEvent } from '../../main/jobs/protocol.ts';
import { newSpecFile } from '../../main/api/runs/new-run.ts';
import type { ParsedSpec } from '../../main/runs/parsed-spec.ts';
import { parseSpec } from '../../main/runs/index.ts';
import { writeSpec } from '../../main/storage/run-folder.ts';
import { canListProcesses, computeProcessesOf, withoutProcessList } from '../compute-processes.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

// What is in the cache is another matter: the log of a run tells of it.
process.env['CUPBEARER_ACTIVATION_CACHE'] = 'off';

const training = {
  train_data: { name: 'backdoor', original: 'mnist', backdoor: { name: 'corner', p_backdoor: 0.3 } },
  model: { name: 'mlp', hidden_dims: [8] },
  num_epochs: 2,
  batch_size: 20,
};

/** Data, jobs on them, and processes that wait from one job to the next. */
function laboratory({ idleMs = 60_000, launch = forkProcess }: { idleMs?: number; launch?: ProcessLauncher } = {}) {
  const place = temporaryFolder();
  const dataDir = join(place, 'data');
  mkdirSync(dataDir);
  writeSmallMnist(dataDir, { train: 120, test: 60, side: 8 });
  const kept = new KeptProcesses({ idleMs });
  onTestFinished(() => kept.close());
  let launched = 0;
  const counting: ProcessLauncher = <A, B>(entry: string, options?: LaunchOptions): ChildProcess<A, B> => {
    launched++;
    return launch<A, B>(entry, options);
  };
  const job = (name: string, spec: ParsedSpec, more: Partial<Job> = {}): Job => {
    const folder = join(place, name);
    mkdirSync(folder);
    writeSpec(folder, newSpecFile(spec, { parents: [], created: new Date(0), dataDir, command: undefined }));
    return { spec, folder, dataDir, engine: 'wasm', resume: false, ...more };
  };
  const train = (name: string, params: object = {}, more: Partial<Job> = {}) =>
    job(name, parseSpec('classifier', { ...training, ...params }), more);
  const detect = (name: string, classifier: Job, detector: unknown) =>
    job(
      name,
      parseSpec('detector', {
        task: { name: 'backdoor', run_path: classifier.folder, backdoor: 'corner', trusted_fraction: 0.5 },
        detector,
      }),
    );
  const run = (
    made: Job,
    options: { signal?: AbortSignal; onEvent?: (event: RunEvent) => void; fresh?: boolean } = {},
  ) => runInComputeProcess(made, { launch: counting, ...options, kept: options.fresh ? undefined : kept });
  return { dataDir, kept, train, detect, run, launched: () => launched };
}

/** The files of a run, but for how long things took. */
function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length), contentOf(folder, path)];
    }),
  );
}

function contentOf(folder: string, path: string): string {
  if (path.endsWith('log.jsonl')) {
    const lines = logOf(folder).filter((line) => !line.startsWith('Done'));
    return lines.map((line) => line.replace(/, [\d.]+ s$/, '')).join('\n');
  }
  if (path.endsWith('metrics.jsonl')) return readFileSync(path, 'utf8').replaceAll(/"ms":[\d.e-]+/g, '');
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function logOf(folder: string): string[] {
  const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

const endless = { num_epochs: 100_000 };
const isTraining = (event: RunEvent) => event.type === 'progress' && event.phase === 'Training' && event.done > 0;

describe('a process that has done a run', () => {
  it('does the next one, with the same files bit for bit as a new process', async () => {
    const { train, detect, run, launched } = laboratory();
    const classifier = train('classifier');
    const first = await run(classifier);
    const methods = ['mahalanobis', 'spectral', { name: 'knn', k: 3 }, 'vae'];
    for (const [i, method] of methods.entries()) await run(detect(`warm-${i}`, classifier, method));
    const again = train('again');
    const second = await run(again);
    expect(launched()).toBe(1);

    expect(second.metrics).toEqual(first.metrics);
    expect(second.fingerprints).toEqual(first.fingerprints);
    expect(filesOf(again.folder)).toEqual(filesOf(classifier.folder));
    for (const [i, method] of methods.entries()) {
      const fresh = detect(`fresh-${i}`, classifier, method);
      await run(fresh, { fresh: true });
      expect(filesOf(fresh.folder)).toEqual(filesOf(fresh.folder.replace('fresh', 'warm')));
    }
    expect(launched()).toBe(1 + methods.length);
  });

  it('gives the same bits with any share of the processors', async () => {
    const { train, run, launched } = laboratory();
    const wide = { model: { name: 'mlp', hidden_dims: [256, 256] }, batch_size: 60 };
    const jobs = [1, 2, 1, 64].map((processors, i) => train(`share-${i}`, wide, { processors }));
    for (const job of jobs) await run(job);
    expect(launched()).toBe(1);
    const [first, ...others] = jobs.map(({ folder }) => readFileSync(join(folder, 'model.safetensors')));
    for (const other of others) expect(other.equals(first!)).toBe(true);
  });

  it('reads data again that have changed', async () => {
    const { dataDir, train, run, launched } = laboratory();
    const before = await run(train('before'));
    expect((await run(train('unchanged'))).fingerprints).toEqual(before.fingerprints);
    const file = join(
      dataDir,
      'mnist',
      readdirSync(join(dataDir, 'mnist')).find((name) => name.startsWith('train-images'))!,
    );
    const { atime, mtime, size } = statSync(file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = 255 - bytes[bytes.length - 1]!;
    writeFileSync(file, bytes);
    // Neither size nor time of writing tells.
    utimesSync(file, atime, mtime);
    expect(statSync(file).size).toBe(size);
    expect((await run(train('after'))).fingerprints['train_data']).not.toBe(before.fingerprints['train_data']);
    expect(launched()).toBe(1);
  });

  it('keeps what it reports to the run that it belongs to', async () => {
    const { train, run, launched } = laboratory();
    const events: [string, RunEvent][] = [];
    for (const name of ['one', 'two']) {
      await run(train(name, { num_epochs: name === 'one' ? 3 : 1 }), {
        onEvent: (event) => events.push([name, event]),
      });
    }
    expect(launched()).toBe(1);
    const logged = (name: string) =>
      events.flatMap(([from, event]) =>
        from === name && event.type === 'log' && event.message.startsWith('epoch')
          ? [event.message.split(',')[0]!.split(':')[0]]
          : [],
      );
    expect(logged('one')).toEqual(['epoch 1/3', 'epoch 2/3', 'epoch 3/3']);
    expect(logged('two')).toEqual(['epoch 1/1']);
    expect(events.filter(([from, { type }]) => from === 'two' && type === 'engine')).toHaveLength(1);
  });

  it('keeps the error output of a run out of the log of the next', async () => {
    /** Real processes, each of whose runs prints a line at its very end, as libraries do. */
    const talking: ProcessLauncher = <A, B>(entry: string, options?: LaunchOptions): ChildProcess<A, B> => {
      const { onErrorLine } = options ?? {};
      let number = 0;
      return forkProcess<A, B>(entry, {
        ...options,
        onErrorLine: (line) => {
          if (line.includes('end of request')) onErrorLine?.(`last words of run ${++number}`);
          onErrorLine?.(line);
        },
      });
    };
    const { train, run, launched } = laboratory({ launch: talking });
    const [one, two] = [train('one'), train('two')];
    await run(one);
    await run(two);
    expect(launched()).toBe(1);
    expect(logOf(one.folder).filter((line) => line.startsWith('last words'))).toEqual(['last words of run 1']);
    expect(logOf(two.folder).filter((line) => line.startsWith('last words'))).toEqual(['last words of run 2']);
  });

  it('does one run at a time', async () => {
    const { kept, train, run, launched } = laboratory();
    await run(train('first'));
    await Promise.all([run(train('left')), run(train('right'))]);
    expect(launched()).toBe(2);
    expect(kept.count).toBe(2);
  });

  it('does none on another engine or with other variables', async () => {
    const { kept, train, run, launched } = laboratory();
    await run(train('first'));
    await run(train('chosen', {}, { engine: 'auto' }));
    expect(launched()).toBe(2);
    // What the other one has held is given back.
    expect(kept.count).toBe(1);
  });

  it.skipIf(!canListProcesses)(`ends after some time without a run${withoutProcessList}`, async () => {
    const { kept, train, run } = laboratory({ idleMs: 50 });
    await run(train('only'));
    await expect.poll(() => kept.count).toBe(0);
    await expect.poll(() => computeProcessesOf(process.pid)).toEqual([]);
  });

  it.skipIf(!canListProcesses)(`ends with its host's work, and is not kept then${withoutProcessList}`, async () => {
    const { kept, train, run } = laboratory();
    await run(train('only'));
    expect(computeProcessesOf(process.pid)).toHaveLength(1);
    kept.close();
    await expect.poll(() => computeProcessesOf(process.pid)).toEqual([]);
    await run(train('late'));
    await expect.poll(() => computeProcessesOf(process.pid)).toEqual([]);
  });

  it.skipIf(!canListProcesses)(`does none any more if it was killed meanwhile${withoutProcessList}`, async () => {
    const { kept, train, run, launched } = laboratory();
    await run(train('first'));
    process.kill(computeProcessesOf(process.pid)[0]!, 'SIGKILL');
    await expect.poll(() => kept.count).toBe(0);
    await run(train('second'));
    expect(launched()).toBe(2);
  });
});

describe('a process whose run', () => {
  it('was cancelled does no other', async () => {
    const { kept, train, run, launched } = laboratory();
    await run(train('first'));
    const abort = new AbortController();
    const cut = run(train('cut', endless), {
      signal: abort.signal,
      onEvent: (event) => void (isTraining(event) && abort.abort()),
    });
    await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
    expect(kept.count).toBe(0);
    await run(train('next'));
    expect(launched()).toBe(2);
  });

  it('has failed does no other, and its reason is in no other log', async () => {
    const { kept, train, run, launched } = laboratory();
    await run(train('first'));
    const broken = train('broken', {}, { dataDir: '/nowhere' });
    await expect(run(broken)).rejects.toMatchObject({ code: 'not-found' });
    expect(logOf(broken.folder).at(-1)).toContain('The dataset "mnist" is not in');
    expect(kept.count).toBe(0);
    const next = train('next');
    await run(next);
    expect(launched()).toBe(2);
    expect(logOf(next.folder).join()).not.toContain('is not in');
  });

  it.skipIf(!canListProcesses)(`was its second when it died fails with that alone${withoutProcessList}`, async () => {
    const { train, run, launched } = laboratory();
    await run(train('first'));
    let killed = false;
    const doomed = run(train('doomed', endless), {
      onEvent: (event) => {
        if (killed || !isTraining(event)) return;
        killed = true;
        process.kill(computeProcessesOf(process.pid)[0]!, 'SIGKILL');
      },
    });
    await expect(doomed).rejects.toMatchObject({ code: 'crashed', details: { signal: 'SIGKILL', errorOutput: [] } });
    await run(train('next'));
    expect(launched()).toBe(2);
  });
});
