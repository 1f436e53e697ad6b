import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import type { RunContext } from '../../main/runs/run-definition.ts';
import { trainClassifier } from '../../main/runs/train-classifier.ts';
import { Network } from '../../main/models/network.ts';
import { createOptimizer } from '../../main/models/optimizers/index.ts';
import { rateFactor, trainClassifier as train } from '../../main/models/training.ts';
import { readJsonLines } from '../../main/storage/run-folder.ts';
import { startEngine, type EngineInfo } from '../../main/tensor/engine.ts';
import { toyDataset } from '../data/toy-dataset.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

let engine: EngineInfo;
beforeAll(async () => {
  engine = await startEngine(engineUnderTest);
});

const epochs = 4;

/** A training of four epochs of which single steps can be repeated in other folders. */
function setUp() {
  const dataDir = temporaryFolder();
  writeSmallMnist(dataDir, { train: 60, test: 20, side: 6 });
  const spec = parseParams(trainClassifier.params, {
    train_data: 'mnist',
    model: { name: 'mlp', hidden_dims: [8] },
    num_epochs: epochs,
    batch_size: 20,
  });
  const folderOf = (name: string) => {
    mkdirSync(join(dataDir, name), { recursive: true });
    return join(dataDir, name);
  };
  const train = (name: string, more: Partial<RunContext> = {}) =>
    trainClassifier.run(spec, {
      folder: folderOf(name),
      dataDir,
      engine,
      resume: false,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
      ...more,
    });
  return { folderOf, train };
}

const weights = (folder: string) => readFileSync(join(folder, 'model.safetensors'));
const curve = (folder: string) => readJsonLines(folder, 'metrics.jsonl').map((line) => ({ ...line, ms: undefined }));

/** Trains in `whole`, and keeps in `cut` the files as they were after the given epoch. */
async function cutAfter(epoch: number, { folderOf, train }: ReturnType<typeof setUp>, files: readonly string[]) {
  const [whole, cut] = [folderOf('whole'), folderOf('cut')];
  await train('whole', {
    log: (message) => {
      if (message.startsWith(`epoch ${epoch}/`))
        for (const name of files) copyFileSync(join(whole, name), join(cut, name));
    },
  });
  return { whole, cut };
}

const all = ['model.json', 'model.safetensors', 'checkpoint.safetensors', 'metrics.jsonl'];

describe('a training resumed', () => {
  it.each([1, 2, epochs])('after epoch %i ends as if it had never stopped', async (epoch) => {
    const place = setUp();
    const { whole, cut } = await cutAfter(epoch, place, all);
    const said: string[] = [];
    const outcome = await place.train('cut', { resume: true, log: (message) => said.push(message) });
    expect(said[0]).toBe(`Going on after epoch ${epoch}.`);
    expect(weights(cut)).toEqual(weights(whole));
    expect(curve(cut)).toEqual(curve(whole));
    expect(outcome.metrics['train_loss']).toBe((curve(whole).at(-1) as { loss?: number }).loss);
  });

  it('after a crash between the writes of an epoch has no line twice', async () => {
    const place = setUp();
    const { whole, cut } = await cutAfter(2, place, all);
    appendFileSync(
      join(cut, 'metrics.jsonl'),
      '{"epoch":3,"steps":9,"loss":1,"accuracy":0,"validation":{},"ms":1}\n{"epo',
    );
    await place.train('cut', { resume: true });
    expect(curve(cut)).toEqual(curve(whole));
  });

  it('after a crash before the last weights were written has them all the same', async () => {
    const place = setUp();
    const { whole, cut } = await cutAfter(epochs, place, all);
    await cutAfter(1, place, ['model.safetensors']);
    expect(weights(cut)).not.toEqual(weights(whole));
    await place.train('cut', { resume: true });
    expect(weights(cut)).toEqual(weights(whole));
  });

  it('finds the line of every epoch that a checkpoint has, whenever it was killed', async () => {
    const place = setUp();
    const folder = place.folderOf('full');
    // A disk that takes no checkpoint of the third epoch stands for a kill just before it.
    const error = await place
      .train('full', {
        log: (message) => {
          if (!message.startsWith('epoch 2/')) return;
          copyFileSync(join(folder, 'checkpoint.safetensors'), join(folder, 'kept'));
          rmSync(join(folder, 'checkpoint.safetensors'));
          mkdirSync(join(folder, 'checkpoint.safetensors', 'in the way'), { recursive: true });
        },
      })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error).toMatchObject({ code: 'storage' });
    expect(curve(folder)).toHaveLength(3);
    rmSync(join(folder, 'checkpoint.safetensors'), { recursive: true });
    renameSync(join(folder, 'kept'), join(folder, 'checkpoint.safetensors'));
    await place.train('full', { resume: true });
    await place.train('whole');
    expect(weights(folder)).toEqual(weights(place.folderOf('whole')));
    expect(curve(folder)).toEqual(curve(place.folderOf('whole')));
  });

  it('before its first epoch was complete starts over', async () => {
    const place = setUp();
    const { whole, cut } = await cutAfter(1, place, ['model.json', 'metrics.jsonl']);
    const said: string[] = [];
    await place.train('cut', { resume: true, log: (message) => said.push(message) });
    expect(said[0]).toBe('No epoch was completed before the interruption: training starts over.');
    expect(weights(cut)).toEqual(weights(whole));
    expect(curve(cut)).toEqual(curve(whole));
  });

  it('whose curve got lost says so and touches nothing', async () => {
    const place = setUp();
    const { cut } = await cutAfter(2, place, all);
    rmSync(join(cut, 'metrics.jsonl'));
    const before = weights(cut);
    const error = await place.train('cut', { resume: true }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CupbearerError);
    expect((error as CupbearerError).message).toBe(
      `${join(cut, 'metrics.jsonl')} has 0 epochs, the checkpoint beside it 2.`,
    );
    expect(weights(cut)).toEqual(before);
  });
});

describe('a training that goes on in smaller batches', () => {
  it('takes the steps of these, at the rate of its epochs', async () => {
    const rates: (number | undefined)[] = [];
    const architecture = { name: 'mlp', hidden_dims: [] };
    const data = toyDataset(40);
    const network = new Network({ architecture, inputShape: data.shape, classes: data.classes }, 0);
    const sgd = createOptimizer({ name: 'sgd', learning_rate: 0.1, momentum: 0, weight_decay: 0 });
    await train({
      network,
      optimizer: {
        step: (variables, gradients, rate) => {
          rates.push(rate);
          sgd.step(variables, gradients, rate);
        },
        state: () => sgd.state(),
        load: (state) => sgd.load(state),
        dispose: () => sgd.dispose(),
      },
      dataset: data,
      epochs: 4,
      batchSize: 10,
      schedule: 'cosine',
      seed: 0,
      completed: { epochs: 2, steps: 4 },
    });
    // Two epochs of two steps are done, half of the way; four steps of each that is left remain.
    expect(rates).toEqual(Array.from({ length: 8 }, (_, i) => rateFactor('cosine', 8 + i + 1, 16)));
    sgd.dispose();
    network.dispose();
  });
});
