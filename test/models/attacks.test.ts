import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { attackSamples, attackSuccess, type AttackOptions } from '../../main/models/attacks.ts';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { toyDataset, upTo } from '../data/toy-dataset.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { linear, toDoubles } from './reference-network.ts';

beforeAll(() => startEngine(engineUnderTest));

const count = 60;
const pictures = toyDataset(count, [6, 6, 1]);
const width = 36;

/**
 * A network whose last layer is scaled until it is as sure of most samples as float32 can say and far beyond, and the samples
 * labelled as it labels them.
 */
async function saturated(scale: number): Promise<{ network: Network; state: TensorMap; labelled: Dataset }> {
  const architecture = { name: 'mlp', hidden_dims: [16] };
  const network = new Network({ architecture, inputShape: pictures.shape, classes: pictures.classes }, 11);
  const state = await network.state();
  const last = state['layers.linear_1.weight']!.data;
  for (let i = 0; i < last.length; i++) last[i]! *= scale;
  network.load(state, 'test');
  const doubles = toDoubles(state);
  const labels = upTo(count).map((i) => argMax(logitsAt(doubles, inputOf(i)).logits));
  const labelled: Dataset = {
    ...pictures,
    read: (indices, epoch) => ({
      ...pictures.read(indices, epoch),
      labels: Int32Array.from(indices, (index) => labels[index]!),
    }),
  };
  return { network, state: doubles, labelled };
}

const inputOf = (index: number) => [...pictures.read([index], 0).inputs];
const argMax = (values: readonly number[]) => values.indexOf(Math.max(...values));

function logitsAt(state: TensorMap, x: readonly number[]): { hidden: number[]; logits: number[] } {
  const hidden = linear(state, 'layers.linear_0', x).map((value) => Math.max(value, 0));
  return { hidden, logits: linear(state, 'layers.linear_1', hidden) };
}

/** Gradient of the cross entropy with regard to the input, in float64 and divided by 1 - p, which no sign depends on. */
function gradientAt(state: TensorMap, x: readonly number[], label: number): number[] {
  const { hidden, logits } = logitsAt(state, x);
  const others = logits.filter((_, j) => j !== label);
  const top = Math.max(...others);
  const total = others.reduce((sum, value) => sum + Math.exp(value - top), 0);
  const outer = logits.map((value, j) => (j === label ? -1 : Math.exp(value - top) / total));
  const [inner, first] = [state['layers.linear_1.weight']!.data, state['layers.linear_0.weight']!.data];
  const ofHidden = hidden.map((value, h) =>
    value > 0 ? outer.reduce((sum, slope, j) => sum + slope * inner[j * hidden.length + h]!, 0) : 0,
  );
  return x.map((_, i) => ofHidden.reduce((sum, slope, h) => sum + slope * first[h * width + i]!, 0));
}

/** Projected gradient descent from the input itself, in float64. */
function attacked(state: TensorMap, clean: readonly number[], label: number, options: AttackOptions): number[] {
  let x = [...clean];
  for (let step = 0; step < options.steps; step++) {
    const gradient = gradientAt(state, x, label);
    x = x.map((value, i) => {
      const moved = value + options.stepSize * Math.sign(gradient[i]!);
      return Math.min(1, Math.max(0, Math.min(clean[i]! + options.eps, Math.max(clean[i]! - options.eps, moved))));
    });
  }
  return x;
}

describe.each([1, 100, 10_000])('an attack on a classifier with logits scaled by %f', (scale) => {
  it.each([
    { eps: 0.1, stepSize: 0.1, steps: 1 },
    { eps: 0.05, stepSize: 0.0125, steps: 10 },
  ])('moves every sample as float64 does, for eps $eps in $steps steps', async (attack) => {
    const options = { ...attack, randomStart: false, seed: 0 };
    const { network, state, labelled } = await saturated(scale);
    const found = await attackSamples(network, labelled, Int32Array.from(upTo(count)), options);
    network.dispose();
    const inputs = new Float32Array(found.inputs.rows(upTo(count), 4 * width).buffer);
    const broken = upTo(count).map((i) => {
      const label = found.labels[i]!;
      const expected = attacked(state, inputOf(i), label, options);
      expected.forEach((value, k) => {
        expect(inputs[i * width + k]).toBeCloseTo(value, 5);
      });
      return argMax(logitsAt(state, expected).logits) !== label;
    });
    expect(attackSuccess(found)).toBe(broken.filter(Boolean).length / count);
    expect(broken.filter(Boolean).length).toBeGreaterThan(0);
    // What is won by the attack does not depend on how sure the classifier was: the decisions are those of scale 1.
    expect(found.before).toEqual(found.labels);
  });
});
