import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { Network } from '../../main/models/network.ts';
import { createOptimizer } from '../../main/models/optimizers/index.ts';
import { predict, trainClassifier, type EpochSummary, type TrainingOptions } from '../../main/models/training.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { toyDataset } from '../data/toy-dataset.ts';
import { crossEntropy, mlpLogits, toDoubles, toImage } from './reference-network.ts';

beforeAll(() => startEngine(engineUnderTest));

const dataset = toyDataset(30);

/** A network and its optimizer before the first step, the same each time. */
function startingPoint({
  architecture = { name: 'mlp', hidden_dims: [12] },
  learning_rate = 0.01,
}: { architecture?: Picked; learning_rate?: number } = {}) {
  return {
    network: new Network({ architecture, inputShape: dataset.shape, classes: dataset.classes }, 1),
    optimizer: createOptimizer({ name: 'adam', learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
  };
}

/** Trains with batches of 8, so that 30 samples make 4 steps of which the last is smaller. */
async function trained(options: Partial<TrainingOptions> = {}) {
  const { network, optimizer } = options.network && options.optimizer ? (options as TrainingOptions) : startingPoint();
  const epochs: EpochSummary[] = [];
  const steps: number[] = [];
  await trainClassifier({
    network,
    optimizer,
    dataset,
    epochs: 2,
    batchSize: 8,
    seed: 4,
    onEpoch: (summary) => void epochs.push(summary),
    onStep: ({ step }) => void steps.push(step),
    ...options,
  });
  return { network, optimizer, epochs, steps };
}

async function failureOf(work: Promise<unknown>): Promise<CupbearerError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CupbearerError);
  return error as CupbearerError;
}

describe('training', () => {
  it('learns a small dataset by heart', async () => {
    const { network, epochs } = await trained({ epochs: 120 });
    const { predicted, labels } = await predict(network, dataset, { batchSize: 7 });
    expect(predicted).toEqual(labels);
    expect(epochs.at(-1).accuracy).toBe(1);
    expect(epochs.at(-1).loss).toBeLessThan(epochs[0]!.loss / 4);
  });

  it('says of an epoch the mean loss and accuracy over its samples', async () => {
    const { network, optimizer } = startingPoint({ learning_rate: 0 });
    const { epochs } = await trained({ network, optimizer, epochs: 1 });
    const { inputs, labels } = dataset.read(
      Int32Array.from({ length: 30 }, (_, i) => i),
      0,
    );
    const state = toDoubles(await network.state());
    const logits = [...labels].map((_, i) =>
      mlpLogits(state, toImage(inputs.subarray(16 * i, 16 * i + 16), [4, 4, 1])),
    );
    const loss = logits.reduce((sum, row, i) => sum + crossEntropy(row, labels[i]!), 0) / 30;
    const correct = logits.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length;
    expect(epochs).toEqual([{ epoch: 1, steps: 4, loss: expect.closeTo(loss, 6) as number, accuracy: correct / 30 }]);
  });

  it.each([
    { name: 'mlp', hidden_dims: [12] },
    { name: 'cnn', channels: [3], kernel_size: 3, dense_dims: [5] },
  ])('gives bit-equal weights for the same seed, others for another ($name)', async (architecture) => {
    const [first, second, other] = [
      await trained(startingPoint({ architecture })),
      await trained(startingPoint({ architecture })),
      await trained({ ...startingPoint({ architecture }), seed: 5 }),
    ];
    expect(await second.network.state()).toEqual(await first.network.state());
    expect(second.epochs).toEqual(first.epochs);
    expect(await other.network.state()).not.toEqual(await first.network.state());
  });

  it('goes on after an interruption as if there had been none, bit for bit', async () => {
    const whole = await trained({ epochs: 5 });
    const before = await trained({ epochs: 2 });
    const after = startingPoint();
    after.network.load(await before.network.state(), 'checkpoint');
    after.optimizer.load(await before.optimizer.state());
    const rest = await trained({ ...after, epochs: 5, completed: { epochs: 2, steps: before.epochs.at(-1).steps } });
    expect(await rest.network.state()).toEqual(await whole.network.state());
    expect(await rest.optimizer.state()).toEqual(await whole.optimizer.state());
    expect([...before.epochs, ...rest.epochs]).toEqual(whole.epochs);
  });

  it('shows every sample once an epoch, in another order each time', async () => {
    const orders: number[][] = [[], []];
    const watched: Dataset = {
      ...dataset,
      read(indices, epoch) {
        orders[epoch - 1]!.push(...Array.from(indices));
        return dataset.read(indices, epoch);
      },
    };
    await trained({ dataset: watched });
    for (const order of orders)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('ends after max_steps, in the middle of an epoch if need be', async () => {
    const cut = await trained({ epochs: 5, maxSteps: 6 });
    expect(cut.steps).toEqual([1, 2, 3, 4, 5, 6]);
    expect(cut.epochs.map(({ epoch, steps }) => [epoch, steps])).toEqual([
      [1, 4],
      [2, 6],
    ]);
    const atEnd = await trained({ epochs: 5, maxSteps: 4 });
    expect(atEnd.epochs).toHaveLength(1);
  });

  it('leaves no tensors behind', async () => {
    const { network, optimizer } = startingPoint();
    const before = tf.memory().numTensors;
    await trained({ network, optimizer });
    // Two moments for each weight of the network stay with the optimizer.
    expect(tf.memory().numTensors).toBe(before + 8);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops between two steps when cancelled', async () => {
    const abort = new AbortController();
    const error = await failureOf(
      trained({ signal: abort.signal, onStep: ({ step }) => void (step === 3 && abort.abort()) }),
    );
    expect(error.code).toBe('cancelled');
  });
});

/** The toy data, of which one batch of one epoch is spoilt by `change`. */
function spoilt(badEpoch: number, badBatch: number, change: (inputs: Float32Array) => void): Dataset {
  let batches = 0;
  return {
    ...dataset,
    read(indices, epoch) {
      const batch = dataset.read(indices, epoch);
      if (epoch === badEpoch && ++batches === badBatch) change(batch.inputs);
      return batch;
    },
  };
}

describe('a loss that is no number', () => {
  it('names epoch and step, and leaves the weights as they were before it', async () => {
    const bad = spoilt(2, 3, (inputs) => (inputs[0] = NaN));
    const start = startingPoint();
    const error = await failureOf(trained({ ...start, dataset: bad }));
    expect([error.code, error.message, error.details]).toEqual([
      'non-finite',
      'The training loss became NaN in epoch 2, step 7.',
      { epoch: 2, step: 7 },
    ]);
    expect(error.hint).toBe('Lower the learning rate. The weights after epoch 1 are kept.');
    const good = await trained({ maxSteps: 6 });
    expect(await start.network.state()).toEqual(await good.network.state());
  });

  it('in the first epoch does not promise weights that nobody has', async () => {
    const { hint } = await failureOf(trained({ dataset: spoilt(1, 1, (inputs) => inputs.fill(Infinity)) }));
    expect(hint).toBe('Lower the learning rate. No epoch was completed before.');
  });

  it('never gets as far as the end of an epoch, not even where the gradient alone overflows', async () => {
    // The last step of the second epoch: the loss is finite, a gradient is not.
    const bad = spoilt(2, 4, (inputs) => inputs.fill(3e38));
    const { network, optimizer } = startingPoint({ learning_rate: 0 });
    network.variables.get('layers.linear_0.weight')!.assign(tf.zeros([16, 12]));
    network.variables.get('layers.linear_0.bias')!.assign(tf.fill([12], 0.5));
    network.variables.get('layers.linear_1.weight')!.assign(tf.randomNormal([12, 3], 0, 100, 'float32', 1));
    const ended: number[] = [];
    const error = await failureOf(
      trained({ network, optimizer, dataset: bad, epochs: 3, onEpoch: ({ epoch }) => void ended.push(epoch) }),
    );
    expect(error.code).toBe('non-finite');
    expect(error.message).toMatch(/^The weight "layers\.\S+" is (NaN|-?Infinity) after epoch 2, step 8\.$/);
    expect(ended).toEqual([1]);
  });
});

describe('predict', () => {
  it('gives class and label in the order of the indices, whatever the batch size', async () => {
    const { network } = await trained();
    const all = await predict(network, dataset, { batchSize: 30 });
    expect(all.labels).toEqual(Int32Array.from({ length: 30 }, (_, i) => i % 3));
    expect(new Set(all.predicted).size).toBeGreaterThan(1);
    const indices = Int32Array.of(29, 3, 3, 17);
    for (const batchSize of [1, 3, 100]) {
      const some = await predict(network, dataset, { batchSize, indices });
      expect([...some.predicted]).toEqual([...indices].map((i) => all.predicted[i]));
      expect([...some.labels]).toEqual([2, 0, 0, 2]);
    }
  });
});
