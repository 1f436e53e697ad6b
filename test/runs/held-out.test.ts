import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import { readDetector, writeDetector } from '../../main/runs/detector-file.ts';
import { holdOut, mostHeldOut } from '../../main/runs/work/held-out.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { pick } from '../../shared/schema/fields.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { toyDataset, upTo } from '../data/toy-dataset.ts';
import { toyContext, toyTask } from '../detectors/toy-task.ts';
import { networkIn } from '../network-in.ts';

const schema = pick(() => detectorRegistry, { label: 'Detector', help: 'The method' });
const spec = (params: Record<string, unknown>) => schema.parse({ name: 'mahalanobis', ...params });
let task: Task;
let folder: string;

beforeAll(async () => {
  await startEngine(engineUnderTest);
  task = toyTask();
  folder = mkdtempSync(join(tmpdir(), 'held-out-'));
});
afterAll(() => {
  networkIn(task).dispose();
  rmSync(folder, { recursive: true });
});

describe('holdOut', () => {
  const dataset = toyDataset(10);
  const part = (n: number) => ({ dataset, indices: Int32Array.from(upTo(n), (i) => 2 * i) });

  it('takes a tenth, at most the limit, and leaves the rest in order', () => {
    const { fitting, heldOut } = holdOut(part(1000), 1);
    expect(heldOut.indices).toHaveLength(100);
    expect([...fitting.indices, ...heldOut.indices].sort((a, b) => a - b)).toEqual([...part(1000).indices]);
    expect([...fitting.indices]).toEqual([...fitting.indices].sort((a, b) => a - b));
    expect(holdOut(part(60_000), 1).heldOut.indices).toHaveLength(mostHeldOut);
  });

  it('depends on the seed alone', () => {
    expect(holdOut(part(100), 1)).toEqual(holdOut(part(100), 1));
    expect(holdOut(part(100), 2).heldOut.indices).not.toEqual(holdOut(part(100), 1).heldOut.indices);
  });

  it('refuses what would leave fewer than two', () => {
    expect(holdOut(part(15), 1).heldOut.indices).toHaveLength(2);
    expect(() => holdOut(part(14), 1)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('combining layers', () => {
  it('standardised-mean fits without the held-out samples and stores their mean and deviation', async () => {
    const all = await fitDetector(spec({}), task, 1, 16, toyContext());
    expect(all.standardisation).toBeUndefined();
    const detector = await fitDetector(spec({ layer_aggregation: 'standardised-mean' }), task, 1, 16, toyContext());
    const { fitting, heldOut } = holdOut(task.trusted, 1);
    const without = await fitDetector(spec({}), { ...task, trusted: fitting }, 1, 16, toyContext());
    expect(detector.state).toEqual(without.state);

    const onHeldOut = { ...task, test: [{ ...heldOut, anomalous: false }] };
    const { layers } = await scoreTask(without, onHeldOut, 1, 16, toyContext());
    for (const [name, scores] of layers) {
      const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
      expect(detector.standardisation?.[name]?.mean).toBeCloseTo(mean, 10);
    }
    writeDetector(folder, detector);
    expect(readDetector(folder).standardisation).toEqual(detector.standardisation);
  });

  it.each([
    [{ layer_aggregation: 'layer' }, 'takes the name of one'],
    [{ layer_aggregation: 'layer', aggregation_layer: 'layers.linear_9.output' }, 'layers.linear_0.output'],
    [{ aggregation_layer: 'layers.linear_0.output' }, 'combined by mean'],
  ])('refuses %j', async (params, message) => {
    await expect(fitDetector(spec(params), task, 1, 16, toyContext())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message) as string,
    });
  });
});
