import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats } from '../../main/detectors/detector.ts';
import { functionalAttribution } from '../../main/detectors/methods/functional-attribution.ts';
import { gradientLayers, lossGradients, outputDirections } from '../../main/detectors/parts/loss-gradients.ts';
import { crossEntropies } from '../../main/detectors/parts/loss-traces.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import type { FittedDetector } from '../../main/runs/detector-file.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { Network } from '../../main/models/network.ts';
import { specFor } from '../../main/models/network-outline.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { upTo } from '../data/toy-dataset.ts';
import { toyContext, toyTask } from './toy-task.ts';
import { NetworkSource } from '../../main/models/network-source.ts';
import { networkIn } from '../network-in.ts';

const [first, second, third] = [0, 1, 2].map((i) => `layers.linear_${i}.output`) as [string, string, string];
let task: Task;
beforeAll(async () => {
  await startEngine(engineUnderTest);
  task = toyTask();
});
afterAll(() => networkIn(task).dispose());

const spec = (params: Record<string, unknown>) => draftDetector({ name: functionalAttribution.id, ...params });
const fit = (params: Record<string, unknown>, on = task) => fitDetector(spec(params), on, 1, 16, toyContext());
const scoresOf = async (detector: FittedDetector, on = task) =>
  (await scoreTask(detector, on, 1, 16, toyContext())).layers;

describe('coupling by gradients', () => {
  it('is the largest cosine of gradients that the engine differentiates sample by sample', async () => {
    const scores = await scoresOf(await fit({}));
    const together = await scoresOf(await fit({ separate_layers: false }));
    const trusted = gradientsOf(task, task.trusted.indices);
    const tested = task.test.flatMap(({ indices }) => gradientsOf(task, indices));
    const expected = (names: readonly string[]) =>
      tested.map((gradient) => -Math.max(...trusted.map((reference) => cosine(gradient, reference, names))));
    expect([...scores.keys()]).toEqual([first, second, third]);
    for (const name of [first, second, third]) expectClose(scores.get(name)!, expected([name]));
    expect([...together.keys()]).toEqual(['output']);
    expectClose(together.get('output')!, expected([first, second, third]));
  });

  it('takes gradients of convolutions, one sample at a time, to the same definition', async () => {
    const network = new Network(
      {
        architecture: { name: 'cnn', channels: [3], kernel_size: 3, dense_dims: [5] },
        inputShape: [4, 4, 1],
        classes: ['a', 'b', 'c'],
      },
      5,
    );
    const own: Task = { ...task, source: new NetworkSource(network) };
    try {
      const scores = await scoresOf(await fit({ references: 20, separate_layers: true }, own), own);
      const state = (await fit({ references: 60 }, own)).state;
      expect(floats(state, 'conv_layers.conv_0/deltas').length).toBe(60 * 3 * 10);
      const all = await scoresOf(await fit({}, own), own);
      const names = [...all.keys()];
      const trusted = gradientsOf(own, own.trusted.indices);
      const tested = own.test.flatMap(({ indices }) => gradientsOf(own, indices));
      expect(names[0]).toBe('conv_layers.conv_0.output');
      for (const name of names) {
        const expected = tested.map((gradient) => -Math.max(...trusted.map((of) => cosine(gradient, of, [name]))));
        expectClose(all.get(name)!, expected);
        // Fewer references can only leave an input less coupled.
        scores.get(name)!.forEach((score, i) => expect(score).toBeGreaterThanOrEqual(all.get(name)![i]! - 1e-6));
      }
    } finally {
      network.dispose();
    }
  });

  it('takes the gradients of all that a block of a transformer contains, and of layers that run at every token', async () => {
    const data = await loadDataset({ name: 'arithmetic', samples: 60, max_operand: 4 }, { dataDir: '', seed: 0 });
    const network = new Network(specFor({ name: 'transformer', width: 4, blocks: 2, heads: 2 }, data), 2);
    const part = (from: number, to: number) => ({ dataset: data, indices: Int32Array.from(upTo(to - from), (i) => from + i) }); // prettier-ignore
    const test = [
      { ...part(20, 25), anomalous: false },
      { ...part(25, 30), anomalous: true },
    ];
    const own: Task = { source: new NetworkSource(network), trusted: part(0, 20), test, parents: [], fingerprints: {} };
    const layers = [...network.defaultActivations, 'blocks.1.mlp.linear_0.output'];
    try {
      const scores = await scoresOf(await fit({ layers }, own), own);
      const trusted = gradientsOf(own, own.trusted.indices, layers);
      const tested = test.flatMap(({ indices }) => gradientsOf(own, indices, layers));
      expect([...scores.keys()]).toEqual(layers);
      for (const name of layers) {
        const expected = tested.map((gradient) => -Math.max(...trusted.map((of) => cosine(gradient, of, [name]))));
        expectClose(scores.get(name)!, expected);
      }
    } finally {
      network.dispose();
    }
  });

  it('agrees with finite differences of the loss', async () => {
    const indices = Int32Array.from([3]);
    const batch = task.trusted.dataset.read(indices, 0);
    const logits = forward(networkIn(task), batch.inputs, 1);
    const layers = gradientLayers(networkIn(task), [second]);
    const [gradient] = await lossGradients(networkIn(task), layers, { ...batch, logits }, undefined);
    const variable = networkIn(task).variables.get('layers.linear_1.weight')!;
    const [, width] = variable.shape as [number, number];
    const label = logits.indexOf(Math.max(...logits));
    const before = variable.dataSync<'float32'>().slice();
    const lossAt = (at: number, change: number) => {
      const moved = before.slice();
      moved[at]! += change;
      variable.assign(tf.tensor(moved, variable.shape));
      return crossEntropies(forward(networkIn(task), batch.inputs, 1), Int32Array.of(label))[0]!;
    };
    const step = 1 / 64;
    const places = upTo(8).map((i) => i * 11 + 2);
    const numeric = places.map((at) => (lossAt(at, step) - lossAt(at, -step)) / (2 * step));
    variable.assign(tf.tensor(before, variable.shape));
    // The gradient is divided by its length at the logits, |softmax - one-hot|.
    const p = softmax(logits);
    const scale = Math.hypot(...p.map((share, j) => share - (j === label ? 1 : 0)));
    places.forEach((at, i) => {
      const exact = gradient!.inputs[Math.floor(at / width)]! * gradient!.deltas[at % width]! * scale;
      expect(Math.abs(exact - numeric[i]!)).toBeLessThan(1e-4);
    });
    expect(Math.max(...numeric.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it('keeps the direction of a sample whose probability is 1 to the last digit', () => {
    const directions = outputDirections(Float32Array.of(90, 0, 0, 90, -20, 1), Int32Array.of(0, 0));
    const [share, whole] = [1 / Math.sqrt(6), 2 / Math.sqrt(6)];
    [-whole, share, share].forEach((value, j) => expect(directions[j]).toBeCloseTo(value, 6));
    [-Math.SQRT1_2, 0, Math.SQRT1_2].forEach((value, j) => expect(directions[3 + j]).toBeCloseTo(value, 6));
    expect([...outputDirections(Float32Array.of(4), Int32Array.of(0))]).toEqual([0]);
  });

  it('scores 0 where no parameter has a gradient', async () => {
    const network = new Network(networkIn(task).spec, 3);
    // The second hidden layer is dead, so that nothing before the last layer has a gradient.
    network.variables.get('layers.linear_1.bias')!.assign(tf.fill([8], -1000));
    const own: Task = { ...task, source: new NetworkSource(network) };
    const scores = await scoresOf(await fit({}, own), own);
    for (const name of [first, second]) for (const score of scores.get(name)!) expect(score).toBeCloseTo(0, 12);
    for (const score of scores.get(third)!) expect(Number.isFinite(score)).toBe(true);
    network.dispose();
  });

  it('couples an input fully to itself', async () => {
    const scores = await scoresOf(await fit({}), { ...task, test: [{ ...task.trusted, anomalous: false }] });
    for (const values of scores.values()) for (const score of values) expect(score).toBeCloseTo(-1, 5);
  });

  it('is refused for an activation without parameters and where too much would be stored', async () => {
    await expect(fit({ layers: ['layers.relu_0.output'] })).rejects.toMatchObject({ code: 'usage' });
    await expect(fit({ layers: ['layers.linear_0.input'] })).rejects.toMatchObject({ code: 'usage' });
    await expect(fit({ coupling: 'sampled', layers: ['layers.relu_0.output'] })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(fit({ coupling: 'sampled', draws: 5000, max_state: 1 })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('MiB') as unknown,
    });
  });
});

describe('coupling by sampling', () => {
  const nearby = { coupling: 'sampled', chains: 2, draws: 300, step_size: 1e-7, localisation: 1e7, n_beta: 0 };

  it('comes to the cosines of the gradients in a small neighbourhood', async () => {
    for (const separate_layers of [true, false]) {
      const exact = await scoresOf(await fit({ separate_layers }));
      const sampled = await scoresOf(await fit({ ...nearby, separate_layers }));
      expect([...sampled.keys()]).toEqual([...exact.keys()]);
      for (const [name, scores] of sampled) {
        // A correlation over T draws has standard deviation (1 - r^2) / sqrt(T), at most 0.04.
        scores.forEach((score, i) => expect(Math.abs(score - exact.get(name)![i]!)).toBeLessThan(0.1));
      }
    }
  });

  it('is the same for the same seed, finite, and leaves the network as it was', async () => {
    const before = [...networkIn(task).variables.values()].map((variable) => [...variable.dataSync()]);
    const params = { coupling: 'sampled', chains: 2, draws: 5, thinning: 3, references: 25, batch_size: 8 };
    const [one, two] = [await fit(params), await fit(params)];
    expect(two.state).toEqual(one.state);
    const shape = one.state.tensors[`${first}/draws`]!.shape;
    expect(shape).toEqual([10, 16 * 12 + 12]);
    expect(await scoresOf(two)).toEqual(await scoresOf(one));
    for (const values of (await scoresOf(one)).values())
      for (const score of values) expect(score).toBeGreaterThanOrEqual(-1);
    expect([...networkIn(task).variables.values()].map((variable) => [...variable.dataSync()])).toEqual(before);
  });

  it('frees its tensors and stops when it is cancelled', async () => {
    const params = { coupling: 'sampled', draws: 3 };
    const before = tf.memory().numTensors;
    const detector = await fit(params);
    await scoresOf(detector);
    expect(tf.memory().numTensors).toBe(before);
    const cancelled = toyContext(AbortSignal.abort());
    await expect(fitDetector(spec(params), task, 1, 16, cancelled)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('works out the losses of confident samples below the precision of float32', () => {
    const logits = Float32Array.of(60, 0, 0, 0, 50, 0);
    const [small, large] = crossEntropies(logits, Int32Array.of(0, 0)) as unknown as [number, number];
    expect(small / (2 * Math.exp(-60))).toBeCloseTo(1, 9);
    expect(large).toBeCloseTo(50, 9);
    expect([...crossEntropies(Float32Array.of(3), Int32Array.of(0))]).toEqual([0]);
  });
});

/** A sample's gradient by activation name. */
type Gradient = Record<string, number[]>;

/** Gradients at the class that the network predicts, each from a pass of its own through TensorFlow.js' automatic differentiation. */
function gradientsOf(
  task: Task,
  indices: Int32Array,
  names: readonly string[] = task.source.defaultActivations,
): Gradient[] {
  const network = networkIn(task);
  const { dataset } = task.trusted;
  return [...indices].map((index) => {
    const batch = dataset.read(Int32Array.of(index), 0);
    return tf.tidy(() => {
      const x = tf.tensor(batch.inputs, [1, ...dataset.shape]);
      const label = tf.argMax<tf.Tensor1D>(network.forward(x), 1);
      const { grads } = tf.variableGrads(
        () => softmaxCrossEntropy(network.forward(x), label),
        [...network.variables.values()],
      );
      return Object.fromEntries(
        names.map((name) => [
          name,
          network.parametersWithin(name.replace(/\.output$/, '')).flatMap((weight) => {
            return [...grads[network.variables.get(weight)!.name]!.dataSync()];
          }),
        ]),
      );
    });
  });
}

function cosine(a: Gradient, b: Gradient, names: readonly string[]): number {
  const [x, y] = [a, b].map((gradient) => names.flatMap((name) => gradient[name]!)) as [number[], number[]];
  const length = Math.hypot(...x) * Math.hypot(...y);
  return length === 0 ? 0 : x.reduce((sum, value, i) => sum + value * y[i]!, 0) / length;
}

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
}

function forward(network: Network, inputs: Float32Array, n: number): Float32Array {
  return tf.tidy(() =>
    network
      .forward(tf.tensor(inputs, [n, ...network.spec.inputShape]))
      .dataSync<'float32'>()
      .slice(),
  );
}

function softmax(logits: Float32Array): number[] {
  const shares = [...logits].map((value) => Math.exp(value - Math.max(...logits)));
  const sum = shares.reduce((total, value) => total + value, 0);
  return shares.map((value) => value / sum);
}
