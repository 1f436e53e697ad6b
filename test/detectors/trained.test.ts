import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseParams } from '../../shared/schema/fields.ts';
import { abstraction } from '../../main/detectors/methods/abstraction.ts';
import { adversarialAbstraction } from '../../main/detectors/methods/adversarial-abstraction.ts';
import type { DetectorDefinition } from '../../main/detectors/detector.ts';
import { finetuning } from '../../main/detectors/methods/finetuning.ts';
import { vae } from '../../main/detectors/methods/vae.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { emptyFeatures, fitToy, reloaded, scoreToy, toyContext, toyTask } from './trained-task.ts';

/** What all detectors that train or differentiate must do, whatever their method. */
const detectors: [string, DetectorDefinition, object][] = [
  ['vae', vae, { num_epochs: 2, train_batch_size: 32 }],
  ['vae, compat', vae, { num_epochs: 1, compat: true, latent_dim: 2 }],
  ['abstraction', abstraction, { num_epochs: 2, train_batch_size: 32 }],
  ['abstraction, axis-aligned, cosine', abstraction, { tau: 'axis-aligned', layer_loss: 'cosine' }],
  ['abstraction, global, single class', abstraction, { global_consistency: true, output_loss: 'single-class' }],
  ['abstraction, cross-entropy', abstraction, { output_loss: 'cross-entropy', abstract_dims: [3, 2] }],
  ['adversarial-abstraction', adversarialAbstraction, { num_train_samples: 50, num_steps: 2 }],
  ['finetuning', finetuning, { num_epochs: 2, train_batch_size: 32 }],
];

describe.each(detectors)('%s', (_, detector, params) => {
  beforeAll(() => startEngine(engineUnderTest));

  it('gives finite scores, the same from a file, and leaves nothing on the engine', async () => {
    const task = await toyTask();
    const before = tf.memory().numTensors;
    const state = await fitToy(detector, task, params);
    const scores = await scoreToy(detector, task, state, task.anomalous);
    expect(tf.memory().numTensors).toBe(before);
    expect(scores.size).toBeGreaterThan(0);
    for (const values of scores.values()) {
      expect(values.length).toBe(task.anomalous.size);
      expect(values.every(Number.isFinite)).toBe(true);
      expect(new Set(values).size).toBeGreaterThan(1);
    }
    expect(await scoreToy(detector, task, reloaded(state), task.anomalous)).toEqual(scores);
    task.network.dispose();
  });

  it('is decided by the seed, not by how the data comes', async () => {
    const task = await toyTask();
    const state = await fitToy(detector, task, params);
    expect(await fitToy(detector, task, params, { batchSize: 37 })).toEqual(state);
    expect(await fitToy(detector, task, params, { seed: 1 })).not.toEqual(state);
    task.network.dispose();
  });

  it('leaves the network as it was', async () => {
    const task = await toyTask();
    const before = await task.network.state();
    const state = await fitToy(detector, task, params);
    await scoreToy(detector, task, state, task.anomalous);
    expect(await task.network.state()).toEqual(before);
    task.network.dispose();
  });
});

describe.each(detectors)('training %s', (_, detector, params) => {
  beforeAll(() => startEngine(engineUnderTest));

  it('stops when cancelled and frees what it held', async () => {
    const task = await toyTask();
    const before = tf.memory().numTensors;
    await expect(fitToy(detector, task, params, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(tf.memory().numTensors).toBe(before);
    task.network.dispose();
  });

  it('refuses activations or inputs that are no numbers', async () => {
    const task = await toyTask();
    const before = tf.memory().numTensors;
    task.trusted.inputs[40] = NaN;
    for (const data of task.trusted.layers.values()) data[20] = NaN;
    await expect(fitToy(detector, task, params)).rejects.toMatchObject({ code: 'non-finite' });
    expect(tf.memory().numTensors).toBe(before);
    task.network.dispose();
  });

  it('refuses an empty trusted set', async () => {
    const task = await toyTask();
    const parsed = parseParams(detector.params, params) as never;
    const fitted = detector.fit(emptyFeatures(task), parsed, toyContext(task));
    await expect(fitted).rejects.toMatchObject({ code: 'bad-data' });
    task.network.dispose();
  });
});
