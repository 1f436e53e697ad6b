import { beforeAll, describe, expect, it } from 'vitest';
import { pick } from '../../shared/schema/fields.ts';
import type { DetectorParams } from '../../main/detectors/detector.ts';
import { detectorRegistry } from '../../main/detectors/index.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import type { Dataset } from '../../main/data/dataset.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import { planDetection } from '../../main/runs/pairing.ts';
import { activationBatches } from '../../main/models/activations.ts';
import { Network } from '../../main/models/network.ts';
import { specFor } from '../../main/models/network-outline.ts';
import { offersOf, type Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { fit, scoresOf } from '../detectors/in-memory.ts';
import { toyContext, toyTask } from '../detectors/toy-task.ts';
import { NetworkSource } from '../../main/models/network-source.ts';

const layer = 'blocks.0.output';
const tokens = 5;
const width = 8;
const schema = pick(() => detectorRegistry, { label: 'Detector', help: 'The method' });
const detector = (name: string, params: object = {}) => schema.parse({ name, ...params });

let task: Task;
let data: Dataset;

beforeAll(async () => {
  await startEngine('auto');
  data = await loadDataset({ name: 'arithmetic', samples: 200, max_operand: 4 }, { dataDir: '/nowhere', seed: 0 });
  const network = new Network(specFor({ name: 'transformer', width, blocks: 2, heads: 2 }, data), 5);
  const part = (from: number, to: number) => ({
    dataset: data,
    indices: Int32Array.from({ length: to - from }, (_, i) => from + i),
  });
  const untrusted = { ...part(80, 140), anomalous: Uint8Array.from({ length: 60 }, (_, i) => i % 2) };
  const test = [
    { ...part(140, 155), anomalous: false },
    { ...part(155, 170), anomalous: true },
  ];
  task = { source: new NetworkSource(network), trusted: part(0, 80), untrusted, test, parents: [], fingerprints: {} };
});

/** One row a token of the samples `from` to `to`. */
async function tokenRows(from: number, to: number): Promise<number[][]> {
  const rows: number[][] = [];
  const indices = Int32Array.from({ length: to - from }, (_, i) => from + i);
  const options = { names: [layer], pooling: 'mean', tokens: 'none', batchSize: 100, indices } as const;
  for await (const batch of activationBatches(task.source, data, options)) {
    const values = batch.layers.get(layer)!;
    for (let i = 0; i < values.length; i += width) rows.push([...values.subarray(i, i + width)]);
  }
  return rows;
}

describe('scores of single tokens', () => {
  it.each(['mean', 'max'] as const)('are put together by their %s', async (by) => {
    const spec = detector('mahalanobis', { layers: [layer], tokens: `score-${by}` });
    const fitted = await fitDetector(spec, task, 0, 16, toyContext());
    const scored = await scoreTask(fitted, task, 0, 16, toyContext());
    // The same by hand: every token a sample of its own.
    const mahalanobis = detectorRegistry.get('mahalanobis');
    const state = await fit(mahalanobis, { trusted: { layers: { [layer]: await tokenRows(0, 80) } } });
    const single = await scoresOf(mahalanobis, state, { layers: { [layer]: await tokenRows(140, 170) } });
    for (let i = 0; i < 30; i++) {
      const own = single.slice(i * tokens, (i + 1) * tokens);
      const expected = by === 'max' ? Math.max(...own) : own.reduce((sum, score) => sum + score, 0) / tokens;
      expect(scored.layers.get(layer)![i]! / expected).toBeCloseTo(1, 4);
    }
    expect([...scored.sampleIndex]).toEqual(Array.from({ length: 30 }, (_, i) => 140 + i));
  });

  it('of different tokens differ: the mean of scores is not the score of the mean', async () => {
    const scoresBy = async (how: string) => {
      const fitted = await fitDetector(
        detector('mahalanobis', { layers: [layer], tokens: how }),
        task,
        0,
        16,
        toyContext(),
      );
      return (await scoreTask(fitted, task, 0, 16, toyContext())).layers.get(layer)!;
    };
    expect(await scoresBy('score-mean')).not.toEqual(await scoresBy('mean'));
    expect(await scoresBy('score-max')).not.toEqual(await scoresBy('last'));
  });

  it.each(
    detectorRegistry.definitions.filter(({ needs }) => needs.layers !== 0 && !needs.gradients).map(({ id }) => id),
  )('%s gives one finite score a text at the layers that have tokens', async (id) => {
    const fitted = await fitDetector(detector(id, { tokens: 'score-max' }), task, 0, 16, toyContext());
    expect(fitted.layers).toEqual(['blocks.0.output', 'blocks.1.output', 'ln_final.output']);
    const { layers } = await scoreTask(fitted, task, 0, 16, toyContext());
    for (const values of layers.values()) {
      expect(values).toHaveLength(30);
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it('do not depend on how the data are cut into batches', async () => {
    const spec = detector('knn', { tokens: 'score-mean' });
    const run = async (size: number) => {
      const fitted = await fitDetector(spec, task, 0, size, toyContext());
      return (await scoreTask(fitted, task, 0, size, toyContext())).layers.get(layer)!;
    };
    const [whole, cut] = [await run(100), await run(7)];
    whole.forEach((score, i) => expect(cut[i]).toBeCloseTo(score, 4));
  });

  it('are refused where there are no tokens, or the detector looks at whole texts', () => {
    const plan =
      (name: string, params: object, of: Task = task) =>
      () =>
        planDetection(detector(name, { tokens: 'score-mean', ...params }), {
          source: of.source,
          offers: offersOf(of),
        });
    expect(plan('mahalanobis', { layers: [layer, 'head.output'] })).toThrow('head.output has none');
    expect(plan('energy', {})).toThrow('looks at whole texts');
    expect(plan('functional-attribution', { layers: ['head.output'] })).toThrow('looks at whole texts');
    expect(plan('mahalanobis', {}, toyTask())).toThrow('needs at least 1 layer, and 0 were chosen');
    // A token that is named is scored alone, as without.
    expect(plan('mahalanobis', { token_position: 1 })()).toContain('head.output');
  });
});

describe('token positions', () => {
  it('beyond the end are refused before anything is loaded', () => {
    const spec = detector('mahalanobis', { token_position: 5 });
    expect(() => planDetection(spec, { source: task.source, offers: offersOf(task) })).toThrow(
      'Expected a token position of 0 to 4 at blocks.0.output, found 5.',
    );
    expect((spec as unknown as DetectorParams).token_position).toBe(5);
  });
});
