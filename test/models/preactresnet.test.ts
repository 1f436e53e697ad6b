import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../main/models/network.ts';
import { createOptimizer } from '../../main/models/optimizers/index.ts';
import { trainClassifier } from '../../main/models/training.ts';
import { normaliseBatch } from '../../main/tensor/batch-norm.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { toyDataset } from '../data/toy-dataset.ts';

beforeAll(() => startEngine(engineUnderTest));

const random = (count: number, name: string) => {
  const stream = RandomStream.from(1, name);
  return Float32Array.from({ length: count }, () => stream.normal());
};

function resnet(depth: number, width: number, side = 8): Network {
  const classes = ['a', 'b', 'c'];
  return new Network(
    { architecture: { name: `preactresnet${depth}`, width }, inputShape: [side, side, 3], classes },
    1,
  );
}

describe('normaliseBatch', () => {
  const [rows, channels, epsilon] = [6, 2, 1e-3];
  const [x, scale, shift, weights] = [random(12, 'x'), random(2, 'scale'), random(2, 'shift'), random(12, 'w')];

  /** The sum of weights times outputs, in float64. */
  function reference(values: ArrayLike<number>, factors: ArrayLike<number>, offsets: ArrayLike<number>): number {
    let total = 0;
    for (let c = 0; c < channels; c++) {
      const column = Array.from({ length: rows }, (_, i) => values[i * channels + c]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / rows;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
      column.forEach((value, i) => {
        total +=
          weights[i * channels + c]! * (((value - mean) / Math.sqrt(variance + epsilon)) * factors[c]! + offsets[c]!);
      });
    }
    return total;
  }

  it('has the value and the gradients of its formula', async () => {
    const inputs = [tf.tensor(x, [3, 2, 1, 2]), tf.tensor1d(scale), tf.tensor1d(shift)];
    const { value, grads } = tf.valueAndGrads((a, b, c) =>
      tf.sum(tf.mul(normaliseBatch(a, b as tf.Tensor1D, c as tf.Tensor1D, epsilon).y, tf.tensor(weights, a.shape))),
    )(inputs);
    expect((await value.data())[0]).toBeCloseTo(reference(x, scale, shift), 4);
    const given = [x, scale, shift].map((values) => Float64Array.from(values));
    for (const [argument, values] of given.entries()) {
      const found = await grads[argument]!.data();
      values.forEach((_, i) => {
        const at = (step: number) => {
          const moved = given.map((array) => array.slice());
          moved[argument]![i]! += step;
          return reference(moved[0]!, moved[1]!, moved[2]!);
        };
        expect(found[i]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 3);
      });
    }
  });
});

describe('preactresnet', () => {
  it('has the size and the names of the PyTorch implementation', async () => {
    const network = new Network(
      { architecture: { name: 'preactresnet18', width: 64 }, inputShape: [32, 32, 3], classes: Array(10).fill('') },
      0,
    );
    // As torch counts the parameters of PreActResNet18 with ten classes.
    expect(network.parameterCount).toBe(11_171_146);
    expect(network.activationShape('layer4.output')).toEqual([4, 4, 512]);
    const names = Object.keys(await network.state());
    for (const name of ['conv1.weight', 'layer1.0.bn1.running_var', 'layer2.0.shortcut.0.weight', 'linear.bias']) {
      expect(names).toContain(name);
    }
    expect(names.some((name) => name.startsWith('layer1.0.shortcut'))).toBe(false);
    network.dispose();
  });

  it.each([18, 34, 50])('%d runs, with stages of halved size', async (depth) => {
    const network = resnet(depth, 2, 16);
    const x = tf.tensor(random(2 * 768, 'images'), [2, 16, 16, 3]);
    const found = network.forward(x);
    expect(found.shape).toEqual([2, 3]);
    expect((await found.data()).every(Number.isFinite)).toBe(true);
    const last = depth === 50 ? 64 : 16;
    expect(network.activationShape('layer4.output')).toEqual([2, 2, last]);
    expect(network.defaultActivations.length).toBe(5);
    const seen = network.activations(x, network.defaultActivations);
    expect(seen['layer3.output']!.shape).toEqual([2, 4, 4, last / 2]);
    network.dispose();
  });

  it('keeps running statistics while training and uses them after', async () => {
    const network = resnet(18, 2);
    const x = tf.tensor(random(4 * 192, 'images'), [4, 8, 8, 3]);
    const alone = async () => Array.from(await network.forward(tf.slice(x, [1], [1])).data());
    const together = async () => Array.from((await network.forward(x).data()).slice(3, 6));
    const before = await alone();
    // A sample's logits depend on no other sample of its batch.
    (await together()).forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 5));
    expect([...(await network.state())['layer1.0.bn1.running_mean']!.data]).toEqual([0, 0]);
    tf.tidy(() => network.forward(x, { training: true }));
    const first = network.activations(x, ['layer1.0.bn1.input'])['layer1.0.bn1.input']!;
    const values = await first.data();
    const channel = Array.from({ length: values.length / 2 }, (_, i) => values[2 * i]!);
    const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
    const variance = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (channel.length - 1);
    const state = await network.state();
    expect(state['layer1.0.bn1.running_mean']!.data[0]).toBeCloseTo(0.1 * mean, 5);
    expect(state['layer1.0.bn1.running_var']!.data[0]).toBeCloseTo(0.9 + 0.1 * variance, 5);
    expect(await alone()).not.toEqual(before);

    const reloaded = resnet(18, 2);
    reloaded.load({ ...state, 'layer1.0.bn1.num_batches_tracked': { shape: [1], data: Int32Array.of(1) } }, 'a test');
    expect(Array.from(await reloaded.forward(tf.slice(x, [1], [1])).data())).toEqual(await alone());
    expect(() => reloaded.load({ 'conv1.weight': state['conv1.weight']! }, 'a test')).toThrow('is missing');
  });

  it('learns', async () => {
    const network = resnet(18, 4);
    const dataset = toyDataset(48, [8, 8, 3]);
    const losses: number[] = [];
    const memory: number[] = [];
    await trainClassifier({
      network,
      optimizer: createOptimizer({ name: 'sgd', learning_rate: 0.05, momentum: 0.9, weight_decay: 5e-4 }),
      dataset,
      epochs: 12,
      batchSize: 16,
      schedule: 'cosine',
      labelSmoothing: 0.1,
      seed: 0,
      onEpoch: ({ loss }) => {
        losses.push(loss);
        memory.push(tf.memory().numTensors);
      },
    });
    // Random labels that can only be learnt by heart; 0.39 is the least that smoothing by 0.1 over 3 classes allows.
    expect(losses.at(-1)).toBeLessThan(0.75);
    expect(losses[0]).toBeGreaterThan(0.9);
    expect(memory.at(-1)).toBe(memory[1]);
    network.dispose();
  });
});
