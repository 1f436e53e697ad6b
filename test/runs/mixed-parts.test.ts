import { beforeAll, describe, expect, it } from 'vitest';
import { pick } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { MixedParts } from '../../main/runs/work/mixed-parts.ts';
import { fitDetector, scoreTask, type TestObserver } from '../../main/runs/work/detection.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { toyDataset, upTo } from '../data/toy-dataset.ts';
import { toyContext, toyTask } from '../detectors/toy-task.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { networkIn } from '../network-in.ts';

beforeAll(() => startEngine(engineUnderTest));

const spec = pick(() => detectorRegistry, { label: 'Detector', help: 'The method' }).parse('max-softmax');
const clean = toyDataset(100);
const odd = toyDataset(90, [4, 4, 1], 'another hundred');
const parts = [
  { dataset: clean, indices: Int32Array.from(upTo(60), (i) => 99 - i), anomalous: false },
  { dataset: odd, indices: Int32Array.from(upTo(40), (i) => 2 * i), anomalous: true },
];

describe('test samples in mixed order', () => {
  it('are all there once, and are those of their parts', () => {
    const mixed = new MixedParts(parts, 5);
    expect([...mixed.positions].sort((a, b) => a - b)).toEqual(upTo(100));
    mixed.positions.forEach((position, k) => {
      const part = parts[position < 60 ? 0 : 1]!;
      const own = part.indices[position < 60 ? position : position - 60]!;
      expect(mixed.sampleAt(position)).toBe(own);
      expect(mixed.ownIndex(mixed.indices[k]!)).toBe(own);
      expect(mixed.dataset.read([mixed.indices[k]!], 0)).toEqual(part.dataset.read([own], 0));
    });
  });

  it('come in batches of which none is of one kind alone, in another order for another seed', () => {
    const mixed = new MixedParts(parts, 5);
    for (let start = 0; start < 100; start += 20) {
      const kinds = new Set(mixed.positions.subarray(start, start + 20).map((position) => (position < 60 ? 0 : 1)));
      expect(kinds.size).toBe(2);
    }
    expect(new MixedParts(parts, 6).positions).not.toEqual(mixed.positions);
  });

  it('are shown by part, at their places, with their own indices, whatever the batch', async () => {
    const task = toyTask();
    const detector = await fitDetector(spec, task, 1, 16, toyContext());
    for (const batchSize of [1, 7, 64]) {
      const seen = new Map<number, number>();
      const observer: TestObserver = {
        names: ['layers.linear_0.output'],
        see: ({ indices, size, layers }, part, positions) => {
          expect(task.test).toContain(part);
          expect(layers.get('layers.linear_0.output')!.length).toBe(size * 12);
          positions.forEach((position, i) => seen.set(position, indices[i]!));
        },
      };
      const { sampleIndex, labels } = await scoreTask(detector, task, 1, batchSize, toyContext(), [observer]);
      expect([...labels]).toEqual(upTo(20).map((i) => (i < 10 ? 0 : 1)));
      expect(upTo(20).map((position) => seen.get(position))).toEqual([...sampleIndex]);
    }
    networkIn(task).dispose();
  });

  it('are named by the index in their own dataset where a value is not a number', async () => {
    const task = toyTask();
    const detector = await fitDetector(spec, task, 1, 16, toyContext());
    const [first, second] = task.test;
    const spoilt: Dataset = {
      ...second!.dataset,
      read: (indices, epoch) => {
        const batch = second!.dataset.read(indices, epoch);
        const width = batch.inputs.length / batch.size;
        Array.from(indices).forEach((index, i) => {
          if (index === 121) batch.inputs[i * width] = NaN;
        });
        return batch;
      },
    };
    const test = [first!, { ...second!, dataset: spoilt }];
    await expect(scoreTask(detector, { ...task, test }, 1, 16, toyContext())).rejects.toThrow(
      'A value of sample 121 at the input is NaN.',
    );
    networkIn(task).dispose();
  });
});
