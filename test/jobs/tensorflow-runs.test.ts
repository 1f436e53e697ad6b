import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import { inComputeProcess } from '../../main/jobs/compute.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';
import { Inspector } from '../../main/jobs/inspection.ts';
import { estimatedDraft } from '../estimated-draft.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { tensorflowFolder, withEnvironment, withoutTensorflow } from '../tensorflow.ts';
import { runOn } from '../api/run-on.ts';

/** Trains a small classifier on poisoned images and fits a detector on it; gives both runs' records and folders. */
async function mainJob(engine: string, environment: Record<string, string | undefined>, epochs = 1) {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: 400, test: 200, side: 12 });
  const workbench = new Workbench(join(dataDir, 'catalogue.sqlite'));
  const [classifier, detector] = [join(dataDir, 'classifier'), join(dataDir, 'detector')];
  try {
    return await withEnvironment(environment, async () => {
      const trained = await runOn(
        workbench,
        'train-classifier',
        {
          train_data: { name: 'backdoor', original: 'mnist', backdoor: 'corner' },
          model: { name: 'mlp', hidden_dims: [32, 32] },
          num_epochs: epochs,
          batch_size: 32,
        },
        { folder: classifier, dataDir, engine },
      );
      const detected = await runOn(
        workbench,
        'train-detector',
        { detector: 'mahalanobis', task: { name: 'backdoor', run_path: classifier } },
        { folder: detector, dataDir, engine },
      );
      const evaluation = JSON.parse(readFileSync(join(detector, 'eval.json'), 'utf8')) as {
        all: { AUC_ROC: number };
      };
      return { trained: trained.record, detected: detected.record, auroc: evaluation.all.AUC_ROC, classifier };
    });
  } finally {
    workbench.close();
  }
}

describe('an installation of TensorFlow that was removed', () => {
  const environment = { CUPBEARER_TENSORFLOW: join(tmpdir(), 'there-is-no', 'tensorflow-9.0.0-cpu') };

  it('is passed over by auto, and the run says which engine it used', async () => {
    const { trained, detected } = await mainJob('auto', environment);
    expect([trained.engine, detected.engine]).toEqual(['wasm', 'wasm']);
    const reasons = { tensorflow: expect.stringContaining('"tensorflow-9.0.0-cpu" is no longer whole') as string };
    for (const { engines_passed_over, folder } of [trained, detected]) {
      expect(engines_passed_over).toMatchObject(reasons);
      // What the folder says, too, and for people the log.
      expect(readRecord(folder).engines_passed_over).toEqual(engines_passed_over);
      expect(readFileSync(join(folder, 'log.jsonl'), 'utf8')).toContain('Not \\"tensorflow\\": ');
    }
  });

  it('fails a run that asked for it by name, with what to do', async () => {
    await expect(mainJob('tensorflow', environment)).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringContaining('"tensorflow-9.0.0-cpu" is no longer whole') as string,
      hint: expect.stringContaining('npx cupbearer engine install tensorflow') as string,
    });
  });
});

describe.skipIf(tensorflowFolder === undefined)(`TensorFlow in the compute process${withoutTensorflow}`, () => {
  it('does the main job, with what it says kept in the log', async () => {
    const { trained, detected, auroc, classifier } = await mainJob(
      'tensorflow',
      { CUPBEARER_TENSORFLOW: tensorflowFolder },
      30,
    );
    expect([trained.engine, detected.engine]).toEqual(['tensorflow', 'tensorflow']);
    expect(trained.metrics['clean_accuracy']).toBeGreaterThan(0.8);
    const { auroc: expected, trained: onWasm } = await mainJob('wasm', {}, 30);
    expect(Math.abs(auroc - expected)).toBeLessThan(0.05);
    expect(Math.abs(trained.metrics['train_loss']! - onWasm.metrics['train_loss']!)).toBeLessThan(0.05);
    const log = readFileSync(join(classifier, 'log.jsonl'), 'utf8');
    expect(log).toContain('"source":"stderr"');
    expect(log).toContain('TensorFlow: Computes on the CPU');
  });

  it('may be removed between two runs: auto goes on without it, and by name it is refused', async () => {
    const folder = copyOf(tensorflowFolder!);
    const environment = { CUPBEARER_TENSORFLOW: folder };
    const dataDir = temporaryFolder();
    writeSmallMnist(dataDir, { train: 60, test: 20, side: 8 });
    const workbench = new Workbench(join(dataDir, 'catalogue.sqlite'));
    onTestFinished(() => workbench.close());
    const params = { train_data: 'mnist', model: { name: 'mlp', hidden_dims: [8] }, num_epochs: 1, batch_size: 20 };
    const train = (name: string, engine: string) =>
      runOn(workbench, 'train-classifier', params, { folder: join(dataDir, name), dataDir, engine });
    await withEnvironment(environment, async () => {
      expect((await train('before', 'auto')).record).toMatchObject({ engine: 'tensorflow', engines_passed_over: {} });
      rmSync(join(folder, 'tensorflow'), { recursive: true });
      const missing = expect.stringContaining('"tensorflow-9.0.0-cpu" is no longer whole: there is no') as string;
      const { record } = await train('after', 'auto');
      expect(record).toMatchObject({ status: 'done', engine: 'wasm', engines_passed_over: { tensorflow: missing } });
      await expect(train('by-name', 'tensorflow')).rejects.toMatchObject({
        code: 'engine',
        message: missing,
        hint: expect.stringContaining('npx cupbearer engine install tensorflow') as string,
      });
    });
  });

  it('is estimated with beside other engines, each by itself, and with auto after another was asked for', async () => {
    const inspector = new Inspector(forkProcess);
    onTestFinished(() => inspector.close());
    const dataDir = temporaryFolder();
    const estimate = (engine: string) => inspector.ask('estimate-draft', estimatedDraft(engine), { dataDir });
    await withEnvironment({ CUPBEARER_TENSORFLOW: tensorflowFolder }, async () => {
      const estimates = await Promise.all(['wasm', 'tensorflow', 'auto'].map(estimate));
      estimates.push(await estimate('wasm'), await estimate('auto'));
      expect(estimates.map(({ engine }) => engine)).toEqual(['wasm', 'tensorflow', 'tensorflow', 'wasm', 'tensorflow']);
      for (const { totalMs } of estimates) expect(totalMs).toBeGreaterThan(0);
    });
  });

  it('is called broken where it gives wrong numbers: refused by name, passed over by auto', async () => {
    const environment = { CUPBEARER_TENSORFLOW: withWrongNumbers(tensorflowFolder!) };
    const status = await inComputeProcess({ type: 'engine-status', engine: 'tensorflow' }, { env: environment });
    expect(status).toMatchObject({
      works: false,
      failure: 'broken',
      reason: expect.stringMatching(/^Self-test of maxPool failed/) as string,
    });
    await expect(mainJob('tensorflow', environment)).rejects.toMatchObject({ code: 'engine' });
    const { trained, classifier } = await mainJob('auto', environment);
    expect(trained.engine).toBe('wasm');
    expect(trained.engines_passed_over!['tensorflow']).toMatch(/^Self-test of maxPool failed/);
    expect(readFileSync(join(classifier, 'log.jsonl'), 'utf8')).toContain(
      'The engine \\"tensorflow\\" gives wrong numbers',
    );
  });
});

/** An installation like the one in `folder`, with its library. */
function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'tensorflow-9.0.0-cpu');
  mkdirSync(copy);
  for (const part of ['addon', 'package', 'install.json'])
    cpSync(join(folder, part), join(copy, part), { recursive: true });
  symlinkSync(join(folder, 'tensorflow'), join(copy, 'tensorflow'));
  return copy;
}

/** An installation like the one in `folder`, but for a pooling that is off by one. */
function withWrongNumbers(folder: string): string {
  const copy = copyOf(folder);
  const kernel = join(copy, 'package', 'dist', 'kernels', 'MaxPool.js');
  appendFileSync(
    kernel,
    `
var right = exports.maxPoolConfig.kernelFunc;
exports.maxPoolConfig.kernelFunc = (args) => tfjs_1.add(right(args), 1);
`,
  );
  return copy;
}
