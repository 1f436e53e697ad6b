import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { outputLayer } from '../../main/detectors/detector.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import { readDetector, writeDetector, type FittedDetector } from '../../main/runs/detector-file.ts';
import { ActivationCache } from '../../main/storage/activation-cache.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import type { Task } from '../../main/tasks/task.ts';
import type { z } from 'zod';
import { allLayers } from '../../shared/domain/evaluation.ts';
import { paramsOf, pick, type FieldText } from '../../shared/schema/fields.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { scaledTask, toyContext, toyTask } from './toy-task.ts';
import { networkIn } from '../network-in.ts';

/** Scores differ by rounding alone when a batch is cut differently: the engine works in float32. */
const tolerance = 1e-4;

/** How far apart two scores must be, as a share of their range, for their order to count: activations are float32. */
const apart = 1e-4;

const schema = pick(() => detectorRegistry, { label: 'Detector', help: 'The method' });
let task: Task;
let folder: string;

beforeAll(async () => {
  await startEngine(engineUnderTest);
  task = toyTask();
  folder = mkdtempSync(join(tmpdir(), 'detector-conformance-'));
});
afterAll(() => {
  networkIn(task).dispose();
  rmSync(folder, { recursive: true });
});

describe.each(detectorRegistry.definitions)('$id', (definition) => {
  const spec = () => schema.parse(definition.id);
  const fitted = new Map<string, Promise<FittedDetector>>();
  /** Fitted once for all that only look at the result. */
  const fit = (seed: number, at = '') => {
    const key = `${seed}${at}`;
    if (!fitted.has(key)) fitted.set(key, fitDetector(spec(), task, seed, 16, toyContext()));
    return fitted.get(key)!;
  };

  it('says what it is and where it comes from', () => {
    expect(definition.id).toMatch(/^[a-z0-9]+([-_][a-z0-9]+)*$/);
    for (const text of [definition.title, definition.summary, definition.source]) expect(text).toMatch(/\S/);
  });

  it('has valid defaults, and a spec that JSON keeps as it is', () => {
    const defaults = spec();
    expect(paramsOf(definition).parse({})).toEqual((({ name: _, ...params }) => params)(defaults));
    expect(schema.parse(JSON.parse(JSON.stringify(defaults)))).toEqual(defaults);
  });

  it('documents every parameter', () => {
    for (const field of Object.values(definition.params.shape)) {
      const { label, help } = (field as z.ZodType).meta() as unknown as FieldText;
      for (const text of [label, help]) expect(text).toMatch(/\S/);
    }
  });

  it('gives one finite score a test sample, under the names of layers', async () => {
    const detector = await fit(1);
    const { layers, labels } = await scoreTask(detector, task, 1, 16, toyContext());
    expect(layers.size).toBeGreaterThan(0);
    for (const [name, scores] of layers) {
      expect(name).not.toBe(allLayers);
      if (name !== outputLayer) expect(() => networkIn(task).activationShape(name)).not.toThrow();
      expect(scores.length).toBe(labels.length);
      for (const score of scores) expect(Number.isFinite(score)).toBe(true);
    }
  });

  it('holds all it has learned in arrays, numbers and words', async () => {
    const { state } = await fit(1);
    for (const { shape, data } of Object.values(state.tensors)) {
      expect(shape.reduce((product, size) => product * size, 1)).toBe(data.length);
    }
    for (const value of Object.values(state.values)) expect(['number', 'string']).toContain(typeof value);
  });

  it('scores bit-equally when it is read back', async () => {
    const detector = await fit(1);
    writeDetector(folder, detector);
    const again = readDetector(folder);
    expect(again.state).toEqual(detector.state);
    const [before, after] = [
      await scoreTask(detector, task, 1, 16, toyContext()),
      await scoreTask(again, task, 1, 16, toyContext()),
    ];
    expect([...after.layers.keys()]).toEqual([...before.layers.keys()]);
    for (const [name, scores] of before.layers) expect(bits(after.layers.get(name)!)).toEqual(bits(scores));
  });

  it('learns and scores the same bits with activations that an earlier pass has kept', async () => {
    const at = join(folder, `activations-${definition.id}`);
    const runs = [];
    for (let run = 0; run < 2; run++) {
      const cache = await ActivationCache.open({ folder: at, limit: 1e8, free: 0, tell: expect.unreachable });
      const counts = { found: 0, computed: 0 };
      const context = { ...toyContext(), activations: { cache, counts } };
      const detector = await fitDetector(spec(), task, 1, 16, context);
      const { layers } = await scoreTask(detector, task, 1, 16, context);
      runs.push({ state: detector.state, layers, counts });
    }
    const plain = await fit(1);
    const { layers: scores } = await scoreTask(plain, task, 1, 16, toyContext());
    for (const { state, layers } of runs) {
      expect(state).toEqual(plain.state);
      expect([...layers.keys()]).toEqual([...scores.keys()]);
      for (const [name, values] of scores) expect(bits(layers.get(name)!)).toEqual(bits(values));
    }
    expect(runs[1]!.counts.computed).toBe(0);
  });

  it('gives the same scores for the same seed', async () => {
    const [one, other] = [await fit(1), await fit(1, ' again')];
    const [scores, same] = [
      await scoreTask(one, task, 1, 16, toyContext()),
      await scoreTask(other, task, 1, 16, toyContext()),
    ];
    for (const [name, values] of scores.layers) expect(bits(same.layers.get(name)!)).toEqual(bits(values));
  });

  it.skipIf(definition.dependsOnBatch)('scores a sample alone as among others', async () => {
    const detector = await fit(1);
    const among = await scoreTask(detector, task, 1, 20, toyContext());
    const alone = await scoreTask(detector, task, 1, 1, toyContext());
    for (const [name, scores] of among.layers) {
      const largest = Math.max(...scores.map(Math.abs), 1e-3);
      alone.layers
        .get(name)!
        .forEach((score, i) => expect(Math.abs(score - scores[i]!) / largest).toBeLessThan(tolerance));
    }
  });

  // Powers of two leave every digit as it is; others round, as all that a network computes does.
  it.skipIf(definition.dependsOnScale).each([2 ** -14, 2 ** 14, 1e-4, 1e4])(
    'ranks samples alike where activations are %d times as large',
    async (scale) => {
      const before = await scoreTask(await fit(1), task, 1, 16, toyContext());
      const scaled = await scaledTask(scale);
      const after = await scoreTask(
        await fitDetector(spec(), scaled, 1, 16, toyContext()),
        scaled,
        1,
        16,
        toyContext(),
      );
      networkIn(scaled).dispose();
      for (const [name, scores] of before.layers) {
        const same = after.layers.get(name)!;
        const range = Math.max(...scores) - Math.min(...scores);
        for (let i = 0; i < scores.length; i++)
          for (let k = 0; k < i; k++) {
            const difference = scores[i]! - scores[k]!;
            if (Math.abs(difference) > apart * range)
              expect(Math.sign(same[i]! - same[k]!), `${name}: samples ${k} and ${i}`).toBe(Math.sign(difference));
          }
      }
    },
  );

  it('stops when it is cancelled', async () => {
    const detector = await fit(1);
    const stopped = toyContext(AbortSignal.abort());
    const reads = definition.needs.trusted || definition.needs.untrusted || definition.needs.anomalyLabels;
    if (reads) {
      await expect(fitDetector(spec(), task, 1, 16, stopped)).rejects.toMatchObject({ code: 'cancelled' });
    }
    await expect(scoreTask(detector, task, 1, 16, stopped)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('frees every tensor it made on the engine', async () => {
    const detector = await fit(1);
    await scoreTask(detector, task, 1, 16, toyContext());
    const before = tf.memory().numTensors;
    await fitDetector(spec(), task, 2, 16, toyContext());
    await scoreTask(detector, task, 1, 16, toyContext());
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused, with the reason, where the task lacks what it needs', async () => {
    const { untrusted: _, ...rest } = task;
    const without: Task = { ...rest, trusted: { ...task.trusted, indices: new Int32Array(0) } };
    const { trusted, untrusted, anomalyLabels } = definition.needs;
    if (!trusted && !untrusted && !anomalyLabels) return;
    await expect(fitDetector(spec(), without, 1, 16, toyContext())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(definition.title) as unknown,
    });
  });
});

function bits(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}
