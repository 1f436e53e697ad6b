import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherRows } from '../../main/detectors/parts/rows.ts';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { fitDetector } from '../../main/runs/work/detection.ts';
import { activationBatches } from '../../main/models/activations.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import type { Task } from '../../main/tasks/task.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { streamOf } from './rows-in-memory.ts';
import { toyContext, toyTask } from './toy-task.ts';
import { NetworkSource } from '../../main/models/network-source.ts';
import { networkIn } from '../network-in.ts';

let task: Task;
beforeAll(async () => {
  await startEngine(engineUnderTest);
  task = toyTask();
});
afterAll(() => networkIn(task).dispose());

describe('activationBatches', () => {
  it('gives the logits of the same samples where they are asked for', async () => {
    const { trusted } = task;
    const network = networkIn(task);
    const options = { names: ['layers.linear_0.output'], pooling: 'mean', batchSize: 8 } as const;
    const indices = Int32Array.of(5, 6, 50);
    for await (const batch of activationBatches(new NetworkSource(network), trusted.dataset, {
      ...options,
      indices,
      logits: true,
    })) {
      const { inputs } = trusted.dataset.read(indices, 0);
      const expected = network.forward(tf.tensor(inputs, [3, 4, 4, 1])).dataSync();
      expect([...batch.logits!]).toEqual([...expected]);
      expect(batch.layers.get('layers.linear_0.output')!.length).toBe(36);
    }
    for await (const batch of activationBatches(new NetworkSource(network), trusted.dataset, { ...options, indices })) {
      expect(batch.logits).toBeUndefined();
    }
  });

  it('names layer and sample of an activation that is no number, and the sample of an input', async () => {
    const { trusted } = task;
    const network = networkIn(task).clone();
    const broken = {
      ...trusted.dataset,
      read: (indices: ArrayLike<number>, epoch: number) => {
        const batch = trusted.dataset.read(indices, epoch);
        Array.from(indices).forEach((index, i) => index === 9 && batch.inputs.fill(NaN, i * 16, i * 16 + 16));
        return batch;
      },
    };
    const readAll = async (dataset: typeof broken) => {
      const options = { names: ['layers.linear_1.output'], pooling: 'mean', batchSize: 4 } as const;
      for await (const _ of activationBatches(new NetworkSource(network), dataset, options));
    };
    await expect(readAll(broken)).rejects.toMatchObject({
      code: 'non-finite',
      details: { layer: 'the input', sample: 9 },
    });
    const bias = network.variables.get('layers.linear_1.bias')!;
    bias.assign(tf.fill(bias.shape, NaN));
    await expect(readAll(trusted.dataset)).rejects.toMatchObject({
      code: 'non-finite',
      details: { layer: 'layers.linear_1.output', sample: 0 },
    });
    network.dispose();
  });
});

describe('fitDetector', () => {
  it('refuses layers for a detector that looks at the output', async () => {
    const spec = draftDetector({ name: 'energy', layers: ['layers.linear_0.output'] });
    await expect(fitDetector(spec, task, 0, 8, toyContext())).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('gatherRows', () => {
  const random = RandomStream.from(0, 'test');
  const layers = [{ name: 'layer', dims: 1 }];
  const rows = { x: Array.from({ length: 20 }, (_, i) => [i]), predicted: Array.from({ length: 20 }, (_, i) => i % 4) };

  it('keeps the order of the stream, and each row with its prediction', async () => {
    const all = await gatherRows(streamOf(rows), layers, { random });
    expect([...all.layers.get('layer')!]).toEqual(rows.x.flat());
    const some = await gatherRows(streamOf(rows), layers, { limit: 6, random });
    const values = [...some.layers.get('layer')!];
    expect(new Set(values).size).toBe(6);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect([...some.predicted]).toEqual(values.map((value) => value % 4));
    expect(some.classes).toBe(4);
  });

  it('refuses too few samples', async () => {
    await expect(gatherRows(streamOf({ x: [] }), layers, { random })).rejects.toMatchObject({ code: 'bad-data' });
  });
});
