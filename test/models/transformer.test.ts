import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { activationBatches } from '../../main/models/activations.ts';
import { activationDims } from '../../main/models/pooling.ts';
import { Network } from '../../main/models/network.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { softmaxCrossEntropy } from '../../main/tensor/loss.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { errorOf } from '../storage/fixtures.ts';
import { NetworkSource } from '../../main/models/network-source.ts';

beforeAll(() => startEngine(engineUnderTest));

const vocabulary = ['a', 'b', 'c', 'd', 'e'];

function transformer(params: Record<string, unknown> = {}): Network {
  const architecture = { name: 'transformer', width: 8, blocks: 2, heads: 2, ...params };
  return new Network({ architecture, inputShape: [4], classes: ['x', 'y', 'z'], vocabulary: vocabulary.length }, 3);
}

const texts = (rows: number[][]) => tf.tensor2d(rows);

describe('transformer', () => {
  it('lets no position see a later one', () => {
    const network = transformer();
    const layer = 'blocks.1.output';
    const read = (rows: number[][]) => Array.from(network.activations(texts(rows), [layer])[layer]!.dataSync());
    const [one, other] = [read([[0, 1, 2, 3]]), read([[0, 1, 4, 3]])];
    expect(other.slice(0, 16)).toEqual(one.slice(0, 16));
    expect(other.slice(16, 24)).not.toEqual(one.slice(16, 24));
    expect(other.slice(24)).not.toEqual(one.slice(24));
  });

  it('tells orders of the same tokens apart, and no sample looks at another', () => {
    const network = transformer();
    const logits = (rows: number[][]) => Array.from(network.forward(texts(rows)).dataSync());
    expect(logits([[0, 1, 2, 3]])).not.toEqual(logits([[1, 0, 2, 3]]));
    const together = logits([
      [4, 4, 4, 4],
      [0, 1, 2, 3],
    ]).slice(3);
    logits([[0, 1, 2, 3]]).forEach((value, i) => expect(together[i]).toBeCloseTo(value, 5));
  });

  it('has weights of the expected shapes, which survive being stored', async () => {
    const network = transformer();
    const state = await network.state();
    expect(state['embedding.token.weight']!.shape).toEqual([5, 8]);
    expect(state['blocks.0.attention.query.weight']!.shape).toEqual([8, 8]);
    expect(state['blocks.1.mlp.linear_0.weight']!.shape).toEqual([32, 8]);
    expect(network.defaultActivations).toEqual([
      'blocks.0.output',
      'blocks.1.output',
      'ln_final.output',
      'head.output',
    ]);
    // Embeddings 5 * 8 + 4 * 8; a block 4 (8 * 8 + 8) + 2 * 16 + 8 * 32 + 32 + 32 * 8 + 8; the last norm 16; the head 27.
    expect(network.parameterCount).toBe(72 + 2 * (288 + 32 + 288 + 264) + 16 + 27);
    const reloaded = transformer();
    reloaded.load(state, 'a test');
    expect(await reloaded.state()).toEqual(state);
  });

  it('has gradients that are finite differences of its loss', () => {
    const network = transformer({ blocks: 1 });
    const x = texts([
      [0, 1, 2, 3],
      [4, 3, 0, 0],
    ]);
    const labels = tf.tensor1d([2, 0], 'int32');
    const loss = () => softmaxCrossEntropy(network.forward(x), labels);
    const { grads } = tf.variableGrads(loss, [...network.variables.values()]);
    for (const [name, variable] of network.variables) {
      const values = variable.dataSync<'float32'>().slice();
      const gradient = grads[variable.name]!.dataSync<'float32'>();
      const i = gradient.reduce((best, value, k) => (Math.abs(value) > Math.abs(gradient[best]!) ? k : best), 0);
      const at = (step: number) => {
        const moved = values.slice();
        moved[i]! += step;
        variable.assign(tf.tensor(moved, variable.shape));
        return loss().dataSync()[0]!;
      };
      const difference = (at(1e-3) - at(-1e-3)) / 2e-3;
      variable.assign(tf.tensor(values, variable.shape));
      expect(Math.abs(gradient[i]! - difference), name).toBeLessThan(2e-3 + 0.02 * Math.abs(difference));
    }
  });

  it('refuses what is no text, and heads that do not fit', () => {
    const build = (spec: object) => () =>
      void new Network(
        {
          architecture: { name: 'transformer', width: 8, blocks: 1, heads: 3, ...spec },
          inputShape: [4],
          classes: ['x'],
          vocabulary: 5,
        },
        0,
      );
    expect(errorOf('usage', build({})).message).toContain('3 heads share evenly');
    const images = () =>
      void new Network(
        { architecture: { name: 'transformer', width: 8, blocks: 1, heads: 2 }, inputShape: [8, 8, 1], classes: ['x'] },
        0,
      );
    expect(errorOf('usage', images).message).toContain('needs texts');
  });
});

describe('activations of texts', () => {
  const dataset: Dataset = {
    shape: [4],
    vocabulary,
    classes: ['x', 'y', 'z'],
    length: 3,
    memory: 0,
    fingerprint: 'texts',
    read: (indices) => ({
      inputs: Float32Array.from({ length: 4 * indices.length }, (_, i) => (indices[Math.floor(i / 4)]! + i) % 5),
      labels: new Int32Array(indices.length),
      size: indices.length,
    }),
  };
  const layer = 'blocks.0.output';
  const read = async (network: Network, options: object): Promise<number[]> => {
    const found: number[] = [];
    for await (const batch of activationBatches(new NetworkSource(network), dataset, {
      pooling: 'mean',
      names: [layer],
      batchSize: 2,
      ...options,
    })) {
      found.push(...batch.layers.get(layer)!);
    }
    return found;
  };

  it('are those of the last token, any token, their mean, or all', async () => {
    const network = transformer();
    const all = await read(network, { tokens: 'none' });
    expect(all.length).toBe(3 * 4 * 8);
    const token = (sample: number, position: number) =>
      all.slice((sample * 4 + position) * 8, (sample * 4 + position + 1) * 8);
    expect(await read(network, {})).toEqual([0, 1, 2].flatMap((sample) => token(sample, 3)));
    expect(await read(network, { token_position: 1 })).toEqual([0, 1, 2].flatMap((sample) => token(sample, 1)));
    const mean = await read(network, { tokens: 'mean' });
    const first = [0, 1, 2, 3].map((position) => token(0, position)[0]!);
    expect(mean[0]).toBeCloseTo(first.reduce((sum, value) => sum + value, 0) / 4, 5);
    expect((await read(network, { tokens: 'max' }))[0]).toBe(Math.max(...first));
    expect(activationDims(network, layer, { pooling: 'mean' })).toBe(8);
    expect(activationDims(network, layer, { pooling: 'mean', tokens: 'none' })).toBe(32);
    const beyond = () => void activationDims(network, layer, { pooling: 'mean', token_position: 4 });
    expect(errorOf('usage', beyond).message).toContain('token position of 0 to 3');
  });
});
