import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { errorOf } from '../storage/fixtures.ts';
import { expectClose, expectTensor, normal } from '../tensor/reference.ts';
import { cnnLogits, crossEntropy, mlpLogits, toDoubles, toImage } from './reference-network.ts';

beforeAll(() => startEngine(engineUnderTest));

const classes = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);

function mlp(inputShape: readonly number[], hidden_dims: number[], count = 10, seed = 3): Network {
  return new Network({ architecture: { name: 'mlp', hidden_dims }, inputShape, classes: classes(count) }, seed);
}

function cnn(inputShape: readonly number[], channels: number[], dense_dims: number[], kernel_size = 3): Network {
  const architecture = { name: 'cnn', channels, kernel_size, dense_dims };
  return new Network({ architecture, inputShape, classes: classes(4) }, 5);
}

const shapesOf = (network: Network) =>
  Object.fromEntries(network.layers.map(({ name, inputShape, outputShape }) => [name, [inputShape, outputShape]]));

describe('layers', () => {
  it('of an mlp have the names of the seed library', () => {
    const network = mlp([28, 28, 1], [256, 128]);
    expect(shapesOf(network)).toEqual({
      flatten: [[28, 28, 1], [784]],
      layers: [[784], [10]],
      'layers.linear_0': [[784], [256]],
      'layers.relu_0': [[256], [256]],
      'layers.linear_1': [[256], [128]],
      'layers.relu_1': [[128], [128]],
      'layers.linear_2': [[128], [10]],
    });
    expect(network.parameterCount).toBe(784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10);
    expect(network.defaultActivations).toEqual([
      'layers.linear_0.output',
      'layers.linear_1.output',
      'layers.linear_2.output',
    ]);
  });

  it('of a cnn have the names of the seed library', () => {
    const network = cnn([28, 28, 1], [32, 64], [256]);
    expect(shapesOf(network)).toEqual({
      conv_layers: [
        [28, 28, 1],
        [7, 7, 64],
      ],
      'conv_layers.conv_0': [
        [28, 28, 1],
        [28, 28, 32],
      ],
      'conv_layers.relu_0': [
        [28, 28, 32],
        [28, 28, 32],
      ],
      'conv_layers.pool_0': [
        [28, 28, 32],
        [14, 14, 32],
      ],
      'conv_layers.conv_1': [
        [14, 14, 32],
        [14, 14, 64],
      ],
      'conv_layers.relu_1': [
        [14, 14, 64],
        [14, 14, 64],
      ],
      'conv_layers.pool_1': [
        [14, 14, 64],
        [7, 7, 64],
      ],
      global_pool: [[7, 7, 64], [64]],
      mlp: [[64], [4]],
      'mlp.layers': [[64], [4]],
      'mlp.layers.linear_0': [[64], [256]],
      'mlp.layers.relu_0': [[256], [256]],
      'mlp.layers.linear_1': [[256], [4]],
    });
    expect(network.activationShape('conv_layers.conv_1.input')).toEqual([14, 14, 32]);
    expect(network.defaultActivations).toEqual([
      'conv_layers.conv_0.output',
      'conv_layers.conv_1.output',
      'mlp.layers.linear_0.output',
      'mlp.layers.linear_1.output',
    ]);
  });

  it('refuse an image that the poolings would leave nothing of', () => {
    expect(errorOf('usage', () => cnn([3, 3, 1], [2, 2], [])).message).toBe(
      'A cnn with 2 poolings needs images of at least 4 x 4 pixels; the data has shape 3 x 3 x 1.',
    );
  });
});

describe('initial weights', () => {
  it('are U(-1/sqrt(fan_in), 1/sqrt(fan_in)) and depend on the seed alone', async () => {
    const { 'layers.linear_0.weight': weight, 'layers.linear_0.bias': bias } = await mlp([10, 10, 1], [400]).state();
    for (const { data } of [weight!, bias!]) {
      expect(Math.max(...data)).toBeLessThanOrEqual(0.1);
      expect(Math.min(...data)).toBeGreaterThanOrEqual(-0.1);
    }
    const meanSquare =
      (weight!.data as Float32Array).reduce((sum, value) => sum + value * value, 0) / weight!.data.length;
    expect(meanSquare).toBeCloseTo(0.01 / 3, 4);
    expect(await mlp([10, 10, 1], [400]).state()).toEqual(await mlp([10, 10, 1], [400]).state());
    expect(await mlp([10, 10, 1], [400], 10, 4).state()).not.toEqual(await mlp([10, 10, 1], [400]).state());
  });
});

describe('forward', () => {
  it('of an mlp on colour images is the float64 reference', async () => {
    const shape = [3, 2, 3] as const;
    const network = mlp(shape, [7, 5], 4);
    const x = normal(2 * 18, 'mlp');
    const state = toDoubles(await network.state());
    const expected = [0, 1].flatMap((i) => mlpLogits(state, toImage(x.subarray(i * 18, (i + 1) * 18), shape)));
    await expectTensor(network.forward(tf.tensor(x, [2, ...shape])), expected);
  });

  it.each([3, 2])('of a cnn with odd sides and kernels of %i is the float64 reference', async (kernelSize) => {
    const shape = [7, 9, 2] as const;
    const size = 7 * 9 * 2;
    const network = cnn(shape, [3, 4], [6], kernelSize);
    const x = normal(2 * size, 'cnn');
    const state = toDoubles(await network.state());
    const expected = [0, 1].flatMap((i) => cnnLogits(state, toImage(x.subarray(i * size, (i + 1) * size), shape)));
    await expectTensor(network.forward(tf.tensor(x, [2, ...shape])), expected);
  });
});

describe('gradients', () => {
  it('through a tiny cnn are finite differences of the float64 reference', async () => {
    const shape = [5, 4, 2] as const;
    const network = cnn(shape, [3, 2], [3]);
    const x = normal(2 * 40, 'gradients');
    const labels = [1, 3];
    const { grads } = tf.variableGrads(
      () => softmaxCrossEntropy(network.forward(tf.tensor(x, [2, ...shape])), tf.tensor1d(labels, 'int32')),
      [...network.variables.values()],
    );
    const images = labels.map((_, i) => toImage(x.subarray(i * 40, (i + 1) * 40), shape));
    const state = toDoubles(await network.state());
    const loss = () =>
      images.reduce((sum, image, i) => sum + crossEntropy(cnnLogits(state, image), labels[i]!), 0) / images.length;
    let compared = 0;
    for (const [name, variable] of network.variables) {
      const gradient = grads[variable.name]!;
      // The reference has PyTorch's layout: kernels [out, in, h, w] for our [h, w, in, out], weights [out, in] for [in, out].
      const order = { 4: [3, 2, 0, 1], 2: [1, 0], 1: [0] }[gradient.rank as 1 | 2 | 4];
      const found = await tf.transpose(gradient, order).data();
      const { data } = state[name]!;
      const expected = Float64Array.from(data, (value, i) => {
        const h = 1e-6;
        data[i] = value + h;
        const above = loss();
        data[i] = value - h;
        const below = loss();
        data[i] = value;
        return (above - below) / (2 * h);
      });
      expectClose(found, expected, 1e-5);
      compared += expected.filter((value) => Math.abs(value) > 1e-4).length;
    }
    expect(compared).toBeGreaterThan(40);
  });
});

/** Names of the kernels that `work` runs and that have weights. */
async function weightedKernels(work: () => void): Promise<string[]> {
  const { kernels } = await tf.profile(() => {
    work();
    return [];
  });
  return kernels.map(({ name }) => name).filter((name) => /dense|matmul|conv/i.test(name));
}

describe('activations', () => {
  const x = () => tf.tensor(normal(2 * 16, 'activations'), [2, 4, 4, 1]);

  it('are those of any named layer, input and output', async () => {
    for (const network of [mlp([4, 4, 1], [5, 6], 3), cnn([4, 4, 1], [2, 3], [5])]) {
      const seen = network.activations(x(), network.activationNames);
      expect(Object.keys(seen).sort()).toEqual([...network.activationNames].sort());
      for (const [name, value] of Object.entries(seen)) {
        expect([name, value.shape]).toEqual([name, [2, ...network.activationShape(name)]]);
      }
      const [first, last] = [network.activationNames[0]!, network.defaultActivations.at(-1)];
      expect(await seen[first]!.data()).toEqual(await x().data());
      expect(await seen[last]!.data()).toEqual(await network.forward(x()).data());
    }
  });

  it('of a layer and of its successor agree, before and after ReLU', async () => {
    const network = mlp([4, 4, 1], [5], 3);
    const seen = network.activations(x(), ['layers.relu_0.input', 'layers.linear_0.output', 'layers.linear_1.input']);
    const before = await seen['layers.linear_0.output']!.data();
    expect(await seen['layers.relu_0.input']!.data()).toEqual(before);
    expect(before.some((value) => value < 0)).toBe(true);
    expect(await seen['layers.linear_1.input']!.data()).toEqual(before.map((value) => Math.max(value, 0)));
  });

  it('come from one pass that stops after the last one asked for', async () => {
    const network = mlp([4, 4, 1], [5, 6], 3);
    const input = x();
    const names = ['layers.linear_1.output', 'layers.linear_0.output', 'layers.relu_0.output'];
    expect(await weightedKernels(() => network.activations(input, names))).toHaveLength(2);
    expect(await weightedKernels(() => network.activations(input, ['layers.linear_2.input']))).toHaveLength(2);
    expect(await weightedKernels(() => network.forward(input))).toHaveLength(3);
  });

  it('leave nothing behind but what the caller disposes of', () => {
    const network = cnn([4, 4, 1], [2, 3], [5]);
    const input = x();
    const before = tf.memory().numTensors;
    const seen = network.activations(input, ['conv_layers.conv_0.output', 'global_pool.output']);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose(seen);
    expect(tf.memory().numTensors).toBe(before);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before - 8);
  });

  it('of an unknown layer are refused with the list of layers', () => {
    const network = mlp([4, 4, 1], [5], 3);
    const { message } = errorOf('usage', () => network.activations(x(), ['layers.linear_0.outputs']));
    expect(message).toMatch(
      /^Unknown layer "layers\.linear_0\.outputs"\. Did you mean "layers\.linear_0\.output"\? Known: /,
    );
    for (const name of network.activationNames) expect(message).toContain(name);
  });
});

describe('weights in files', () => {
  it('have the names and the layout of PyTorch', async () => {
    const network = mlp([1, 3, 1], [], 2);
    const variable = network.variables.get('layers.linear_0.weight')!;
    // Three inputs, two outputs: row i holds what input i gives to each output.
    variable.assign(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]));
    expect((await network.state())['layers.linear_0.weight']).toEqual({
      shape: [2, 3],
      data: Float32Array.of(1, 3, 5, 2, 4, 6),
    });
    expect(Object.keys(await network.state())).toEqual(['layers.linear_0.weight', 'layers.linear_0.bias']);
  });

  it('have kernels as [out, in, height, width]', async () => {
    const network = cnn([2, 2, 2], [3], [], 2);
    const variable = network.variables.get('conv_layers.conv_0.weight')!;
    expect(variable.shape).toEqual([2, 2, 2, 3]);
    // Each value says where it belongs: height, width, in, out.
    const values = [0, 1].flatMap((h) =>
      [0, 1].flatMap((w) => [0, 1].flatMap((i) => [0, 1, 2].map((o) => 1000 * h + 100 * w + 10 * i + o))),
    );
    variable.assign(tf.tensor(values, [2, 2, 2, 3]));
    const { shape, data } = (await network.state())['conv_layers.conv_0.weight']!;
    expect(shape).toEqual([3, 2, 2, 2]);
    expect([...data.subarray(0, 8)]).toEqual([0, 100, 1000, 1100, 10, 110, 1010, 1110]);
    expect([...data.subarray(8, 10)]).toEqual([1, 101]);
  });

  it('see the pixels of colour images channel by channel', async () => {
    const network = mlp([1, 2, 3], [], 1);
    network.load(
      {
        'layers.linear_0.weight': { shape: [1, 6], data: Float32Array.of(1, 10, 100, 1000, 10_000, 100_000) },
        'layers.linear_0.bias': { shape: [1], data: Float32Array.of(0) },
      },
      'test',
    );
    // Pixels (red, green, blue): (1, 2, 3) and (4, 5, 6); flat in PyTorch: 1 4, 2 5, 3 6.
    const logits = await network.forward(tf.tensor([1, 2, 3, 4, 5, 6], [1, 1, 2, 3])).data();
    expect(logits[0]).toBe(1 + 40 + 200 + 5000 + 30_000 + 600_000);
  });

  it('come back bit for bit', async () => {
    for (const make of [() => mlp([4, 4, 3], [5], 3), () => cnn([4, 4, 3], [2, 3], [5])]) {
      const saved = await make().state();
      const other = make();
      for (const variable of other.variables.values()) variable.assign(tf.zeros(variable.shape));
      other.load(saved, 'test');
      expect(await other.state()).toEqual(saved);
    }
  });

  it.each(['module.', '_orig_mod.', 'module._orig_mod.', 'model.', 'net.', 'state_dict.module.'])(
    'are loaded where all their names begin with %s',
    async (wrapper) => {
      const [saved, other] = [await mlp([2, 2, 1], [3], 2).state(), mlp([2, 2, 1], [3], 2)];
      const wrapped = Object.entries(saved).map(([name, value]) => [`${wrapper}${name}`, value] as const);
      for (const variable of other.variables.values()) variable.assign(tf.zeros(variable.shape));
      other.load(Object.fromEntries(wrapped), 'test');
      expect(await other.state()).toEqual(saved);
      const [first, ...rest] = Object.entries(saved);
      const mixed = Object.fromEntries([[`${wrapper}${first![0]}`, first![1]], ...rest]);
      expect(errorOf('bad-data', () => other.load(mixed, 'test')).message).toContain(
        `the weight "${first![0]}" is missing. It has ${wrapper}${first![0]}, which this model does not.`,
      );
    },
  );

  it('are taken out of a checkpoint beside counts, and other arrays in it are answered with the line that leaves them out', async () => {
    const [saved, other] = [await mlp([2, 2, 1], [3], 2).state(), mlp([2, 2, 1], [3], 2)];
    const scalar = { shape: [], data: Float32Array.of(7) };
    const wrapped = Object.fromEntries(Object.entries(saved).map(([name, value]) => [`model.net.${name}`, value]));
    const counted = { ...wrapped, n_averaged: scalar, 'model.net.bn1.num_batches_tracked': scalar, total_ops: scalar };
    for (const variable of other.variables.values()) variable.assign(tf.zeros(variable.shape));
    other.load(counted, 'test');
    expect(await other.state()).toEqual(saved);
    const error = errorOf('bad-data', () => other.load({ ...counted, 'loss.scale': scalar }, 'a.safetensors'));
    expect(error.message).toContain('a.safetensors: unexpected weight "loss.scale"');
    expect(error.hint).toBe(
      'If the model works without it, leave it out: from safetensors.torch import load_file, save_file; ' +
        'd = load_file("a.safetensors"); save_file({k: v for k, v in d.items() if k not in ["loss.scale"]}, "a.safetensors")',
    );
  });

  it('of other names and the same shapes are answered with the line that renames them', async () => {
    const network = mlp([2, 2, 1], [3], 2);
    const state = await network.state();
    const names = { '0.weight': 'layers.linear_0.weight', '0.bias': 'layers.linear_0.bias', '2.weight': 'layers.linear_1.weight', '2.bias': 'layers.linear_1.bias' }; // prettier-ignore
    const foreign = Object.fromEntries(Object.entries(names).map(([theirs, ours]) => [theirs, state[ours]!]));
    const { hint } = errorOf('bad-data', () => network.load(foreign, 'a.safetensors'));
    const [, stated] = /names = (\{.*?\});/.exec(hint ?? '')!;
    expect(JSON.parse(stated!)).toEqual(names);
    const other = { ...foreign, '2.bias': { shape: [9], data: new Float32Array(9) } };
    expect(errorOf('bad-data', () => network.load(other, 'a.safetensors')).hint).toBeUndefined();
  });

  it('that do not fit are refused by name', async () => {
    const network = mlp([2, 2, 1], [3], 2);
    const state = await network.state();
    const { 'layers.linear_1.bias': _, ...missing } = state;
    const strange = { ...state, 'layers.linear_2.weight': { shape: [1], data: Float32Array.of(0) } };
    const wrong = { ...state, 'layers.linear_0.weight': { shape: [4, 3], data: new Float32Array(12) } };
    expect(errorOf('bad-data', () => network.load(missing, 'a.safetensors')).message).toBe(
      'a.safetensors: the weight "layers.linear_1.bias" is missing.',
    );
    expect(errorOf('bad-data', () => network.load(strange, 'a.safetensors')).message).toBe(
      'a.safetensors: unexpected weight "layers.linear_2.weight"; this model has layers.linear_0.weight, ' +
        'layers.linear_0.bias, layers.linear_1.weight, layers.linear_1.bias.',
    );
    expect(errorOf('bad-data', () => network.load(wrong, 'a.safetensors')).message).toBe(
      'a.safetensors: the weight "layers.linear_0.weight" has shape [4, 3], expected [3, 4].',
    );
  });
});
