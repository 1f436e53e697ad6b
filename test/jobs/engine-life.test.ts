import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import {
  forkProcess,
  type ChildProcess,
  type LaunchOptions,
  type ProcessLauncher,
} from '../../main/jobs/child-process.ts';
import { deadlyEngines } from '../../main/jobs/deadly-engines.ts';
import { examineEngines } from '../../main/jobs/engines.ts';
import { inComputeProcess } from '../../main/jobs/compute.ts';
import { Inspector } from '../../main/jobs/inspection.ts';
import { ended, smallTraining, startApplication } from '../api/running-application.ts';
import { canCutOff, deadlyTensorflow, withoutCutOff } from '../deadly-tensorflow.ts';
import { estimatedDraft } from '../estimated-draft.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { withEnvironment } from '../tensorflow.ts';
import { enqueueOn, runOn } from '../api/run-on.ts';

/** Starts real processes and counts them. */
function counting(): { launch: ProcessLauncher; count: () => number } {
  let count = 0;
  const launch = <A, B>(entry: string, options?: LaunchOptions): ChildProcess<A, B> => {
    count++;
    return forkProcess<A, B>(entry, options);
  };
  return { launch, count: () => count };
}

const isDead = expect.stringMatching(/was ended by SIG(BUS|SEGV|ILL|ABRT)/) as string;

/** Small trainings, one after another, with what the next ones cost in processes. */
function trainings() {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: 60, test: 20, side: 8 });
  const { launch, count } = counting();
  const workbench = new Workbench(join(dataDir, 'catalogue.sqlite'), launch);
  onTestFinished(() => workbench.close());
  const params = { train_data: 'mnist', model: { name: 'mlp', hidden_dims: [8] }, num_epochs: 1, batch_size: 20 };
  let number = 0;
  const train = async (engine: string) => {
    const before = count();
    const folder = join(dataDir, `run-${++number}`);
    const { record } = await runOn(workbench, 'train-classifier', params, { folder, dataDir, engine });
    return { record, processes: count() - before, log: readFileSync(join(folder, 'log.jsonl'), 'utf8') };
  };
  return { train, workbench };
}

describe.skipIf(!canCutOff)(`an engine that ends its process${withoutCutOff}`, () => {
  const dying = <T>(action: () => Promise<T>) =>
    withEnvironment({ CUPBEARER_TENSORFLOW: deadlyTensorflow() }, async () => {
      try {
        return await action();
      } finally {
        // What is there now is opened again, and the crash forgotten.
        await withEnvironment({ CUPBEARER_TENSORFLOW: '/nowhere' }, () => examineEngines());
        expect(deadlyEngines()).toEqual({});
      }
    });

  it('is listed as broken with how it ended and what to do, not with how to resume a run', () =>
    dying(async () => {
      const [tensorflow, ...others] = await examineEngines();
      expect(tensorflow).toMatchObject({
        id: 'tensorflow',
        works: false,
        failure: 'crashed',
        reason: isDead,
        hint: expect.stringContaining('npx cupbearer engine install tensorflow') as string,
      });
      expect(others.find(({ id }) => id === 'wasm')).toMatchObject({ works: true });
      const failure = await inComputeProcess({ type: 'engine-status', engine: 'tensorflow' }, {}).catch(
        (error: unknown) => error as Error & { hint: string },
      );
      expect(failure).toMatchObject({ code: 'crashed', message: isDead });
      expect(JSON.stringify(failure)).not.toMatch(/resume|middle of the run/);
    }));

  it('is passed over by auto, once for all runs, and the runs say why', () =>
    dying(async () => {
      const { train } = trainings();
      const first = await train('auto');
      expect(first.record).toMatchObject({
        status: 'done',
        engine: 'wasm',
        engines_passed_over: { tensorflow: isDead },
      });
      expect(first.processes).toBe(2);
      expect(first.log).toContain('The process that opened the engine \\"tensorflow\\" was ended by');
      const second = await train('auto');
      expect(second.record).toMatchObject({ engine: 'wasm', engines_passed_over: { tensorflow: isDead } });
      // The process that did the first one knows.
      expect(second.processes).toBe(0);
    }));

  it('is refused by name, with what to do', () =>
    dying(async () => {
      const { train, workbench } = trainings();
      const refused = {
        code: 'engine',
        message: isDead,
        hint: expect.stringMatching(/engine install tensorflow.*let the program choose the engine/) as string,
      };
      await expect(train('tensorflow')).rejects.toMatchObject(refused);
      await expect(train('tensorflow')).rejects.toMatchObject(refused);
      expect(workbench.catalogue.list({}).map(({ status, error }) => [status, error?.code])).toEqual([
        ['failed', 'engine'],
        ['failed', 'engine'],
      ]);
    }));

  it('is passed over by what people look at, too, and refused there by name', () =>
    dying(async () => {
      const { launch, count } = counting();
      const inspector = new Inspector(launch);
      onTestFinished(() => inspector.close());
      const dataDir = temporaryFolder();
      const estimate = await inspector.ask('estimate-draft', estimatedDraft('auto'), { dataDir });
      expect(estimate).toMatchObject({ engine: 'wasm', totalMs: expect.any(Number) as number });
      expect(count()).toBe(2);
      await expect(inspector.ask('estimate-draft', estimatedDraft('tensorflow'), { dataDir })).rejects.toMatchObject({
        code: 'engine',
        message: isDead,
      });
      expect(count()).toBe(2);
    }));
});

describe('a process that holds a GPU', () => {
  /** As if the engine that is opened were on a GPU, which the machines that run tests seldom have. */
  const onGpu: ProcessLauncher = <A, B>(entry: string, options?: LaunchOptions): ChildProcess<A, B> => {
    const child = forkProcess<A, B>(entry, options);
    return {
      ...child,
      onMessage: (listener) =>
        child.onMessage((message) => {
          const { type } = message as { type?: string };
          listener(type === 'opened' ? ({ type, holdsGpu: true } as B) : message);
        }),
    };
  };
  const estimating = (options?: { idleMs?: number; idleOnGpuMs?: number }, launch = onGpu) => {
    const inspector = new Inspector(launch, options);
    onTestFinished(() => inspector.close());
    const dataDir = temporaryFolder();
    return { inspector, estimate: () => inspector.ask('estimate-draft', estimatedDraft('wasm'), { dataDir }) };
  };

  it('ends soon after its last question, sooner than one that holds none', async () => {
    const { inspector, estimate } = estimating({ idleMs: 1_000_000, idleOnGpuMs: 20 });
    await estimate();
    await expect.poll(() => inspector.isRunning).toBe(false);
    const without = estimating({ idleMs: 1_000_000, idleOnGpuMs: 20 }, forkProcess);
    await without.estimate();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(without.inspector.isRunning).toBe(true);
    await without.inspector.releaseGpu();
    expect(without.inspector.isRunning).toBe(true);
  });

  it('is gone when it was asked to leave the GPU, after it has answered', async () => {
    const { inspector, estimate } = estimating();
    await estimate();
    await inspector.releaseGpu();
    expect(inspector.isRunning).toBe(false);
    await estimate();
    const pending = estimate();
    await inspector.releaseGpu();
    // It left after the answer: nothing is pending any more.
    await expect(Promise.race([pending, Promise.reject(new Error('Not answered.'))])).resolves.toMatchObject({
      engine: 'wasm',
    });
  });

  it('leaves it to a run that may want it, before that begins, and not to one that does not', async () => {
    const started = startApplication(undefined, onGpu);
    const { application } = started;
    onTestFinished(() => started.stop());
    const { client } = started;
    const train = async (engine: string) => {
      const [run] = enqueueOn(application.queued, [{ experiment: 'train-classifier', params: smallTraining, engine }]);
      return ended(started, run!.id);
    };
    await client.drafts.estimate(estimatedDraft('wasm'));
    expect(await train('wasm')).toBe('done');
    expect(application.estimator.isRunning).toBe(true);
    expect(await train('auto')).toBe('done');
    expect(application.estimator.isRunning).toBe(false);
  });
});
