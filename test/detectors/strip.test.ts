import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { strip } from '../../main/detectors/methods/strip.ts';
import { activationBatches } from '../../main/models/activations.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { toyTask } from './toy-task.ts';
import { networkIn } from '../network-in.ts';

beforeAll(() => startEngine(engineUnderTest));

describe('strip', () => {
  it('is minus the mean entropy of the predictions for the input plus each overlay', async () => {
    const task = toyTask();
    const { source, trusted } = task;
    const network = networkIn(task);
    const stream = (indices: Int32Array) =>
      activationBatches(source, trusted.dataset, { names: [], pooling: 'mean', batchSize: 4, inputs: true, indices });
    const context = { network, stream: RandomStream.from(0, 'test') };
    const overlays = Int32Array.of(3, 7, 11, 12, 30);
    const state = await strip.fit(
      { layers: [], trusted: { length: 5, batches: () => stream(overlays) } },
      strip.params.parse({ clip: true }) as never,
      context,
    );
    expect(state.tensors['overlays']!.shape).toEqual([5, 4, 4, 1]);

    const indices = Int32Array.of(40, 41, 42);
    const { inputs, labels } = trusted.dataset.read(indices, 0);
    const batch = { inputs, labels, indices, size: 3, layers: new Map<string, Float32Array>() };
    const scores = (await strip.score(state, batch, context)).get('output')!;
    const over = trusted.dataset.read(overlays, 0).inputs;
    for (let i = 0; i < 3; i++) {
      const blended = over.map((value, at) => Math.min(1, value + inputs[i * 16 + (at % 16)]!));
      const shares = tf.softmax(network.forward(tf.tensor(blended, [5, 4, 4, 1]))).dataSync<'float32'>();
      const entropy = shares.reduce((sum, p) => sum - p * Math.log2(p), 0) / 5;
      expect(scores[i]).toBeCloseTo(-entropy, 5);
    }
    network.dispose();
  });
});
