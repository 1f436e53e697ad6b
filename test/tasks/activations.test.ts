import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draftDetector } from '../../main/runs/drafts/draft-specs.ts';
import { trainDetectorParams } from '../../main/runs/detector-params.ts';
import { buildTask } from '../../main/runs/work/build-task.ts';
import { fitDetector, scoreTask } from '../../main/runs/work/detection.ts';
import { encodeNpy } from '../../main/storage/npy.ts';
import { encodeSafetensors } from '../../main/storage/safetensors.ts';
import { outlineRecords, outlineTask } from '../../main/tasks/outline.ts';
import type { Task } from '../../main/tasks/task.ts';
import { startEngine } from '../../main/tensor/engine.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { toyContext } from '../detectors/toy-task.ts';

let place = '';
beforeAll(async () => {
  await startEngine('auto');
  place = mkdtempSync(join(tmpdir(), 'cupbearer-activations-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const width = 4;
/** Rows of a layer, the last `shifted` of them far off. */
function rows(seed: number, n: number, shifted = 0): Float32Array {
  const stream = RandomStream.from(seed, 'rows');
  return Float32Array.from({ length: n * width }, (_, k) => stream.normal() + (k >= (n - shifted) * width ? 8 : 0));
}

const flat = (data: Float32Array) => ({ shape: [data.length / width, width], data });

function write(name: string, tensors: TensorMap, others: Record<string, string> = {}): string {
  const folder = join(place, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'activations.safetensors'), encodeSafetensors(tensors));
  for (const [file, text] of Object.entries(others)) writeFileSync(join(folder, file), text);
  return folder;
}

const labels = (n: number, anomalous: number) =>
  Array.from({ length: n }, (_, i) => JSON.stringify({ text: `text ${i}`, label: i < n - anomalous ? 0 : 1 })).join(
    '\n',
  );

const contract = (changes: object = {}) =>
  JSON.stringify({
    format: 'cupbearer-activations',
    version: 1,
    model: { name: 'tiny' },
    samples: 30,
    dtype: 'float32',
    positions: 'last',
    layers: { a: { hook: 'output', module: 'a' } },
    ...changes,
  });

const spec = (params: object) => parseParams(trainDetectorParams.shape.task, { name: 'activations', ...params });
const build = async (params: object, said: string[] = []): Promise<Task> =>
  buildTask(spec(params), { ...toyContext(), log: (message) => said.push(message) });

function usual(): { trusted: string; test: string } {
  return {
    trusted: write('trusted', { a: flat(rows(1, 30)), b: flat(rows(2, 30)) }),
    test: write('test', { a: flat(rows(3, 30, 10)), b: flat(rows(4, 30, 10)) }, { 'metadata.jsonl': labels(30, 10) }),
  };
}

describe('the task "activations"', () => {
  it('gives detectors what was recorded, by the places of the samples in their files', async () => {
    const task = await build(usual());
    expect(task.source.activationNames).toEqual(['a', 'b']);
    expect(task.test.map(({ indices, anomalous }) => [anomalous, [...indices]])).toEqual([
      [false, Array.from({ length: 20 }, (_, i) => i)],
      [true, Array.from({ length: 10 }, (_, i) => 20 + i)],
    ]);
    const detector = await fitDetector(draftDetector({ name: 'mahalanobis' }), task, 0, 7, toyContext());
    const { layers } = await scoreTask(detector, task, 0, 7, toyContext());
    const [clean, anomalous] = [layers.get('a')!.subarray(0, 20), layers.get('a')!.subarray(20)];
    expect(Math.min(...anomalous)).toBeGreaterThan(Math.max(...clean));
    expect(task.test[0]!.dataset.texts!([3])).toEqual(['text 3']);
    task.source.dispose();
  });

  it('gives the same scores whatever the size of batches', async () => {
    const task = await build(usual());
    const scoresBy = async (size: number) => {
      const detector = await fitDetector(draftDetector({ name: 'knn', k: 3 }), task, 0, size, toyContext());
      return (await scoreTask(detector, task, 0, size, toyContext())).layers.get('b')!;
    };
    expect(await scoresBy(3)).toEqual(await scoresBy(1000));
    task.source.dispose();
  });

  it('takes single files by layer, and labels from a file', async () => {
    const file = (name: string, data: Float32Array) => {
      writeFileSync(join(place, `${name}.npy`), encodeNpy(flat(data)));
      return `x=${join(place, `${name}.npy`)}`;
    };
    const test_labels = join(place, 'anomalous.npy');
    writeFileSync(
      test_labels,
      encodeNpy({ shape: [12], data: Uint8Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 1 : 0)) }),
    );
    const task = await build({ trusted: file('one', rows(5, 20)), test: file('two', rows(6, 12)), test_labels });
    expect([...task.test[1]!.indices]).toEqual([0, 3, 6, 9]);
    task.source.dispose();
  });

  it('scores every token of sequences of different lengths, and one vector of each as well', async () => {
    const ragged = (seed: number, lengths: number[], shifted = 0) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const tokens = lengths.slice(0, lengths.length - shifted).reduce((sum, length) => sum + length, 0);
      const data = rows(seed, total, total - tokens);
      return { a: flat(data), lengths: { shape: [lengths.length], data: Int32Array.from(lengths) } };
    };
    const many = Array.from({ length: 24 }, (_, i) => 1 + (i % 5));
    const params = {
      trusted: write('ragged-trusted', ragged(7, many)),
      test: write('ragged-test', ragged(8, many.slice(0, 12), 4), { 'metadata.jsonl': labels(12, 4) }),
    };
    const task = await build(params);
    expect([task.source.activationShape('a'), task.source.isRagged('a')]).toEqual([[5, width], true]);
    for (const tokens of ['score-mean', 'score-max', 'last', 'mean', 'max']) {
      const detector = await fitDetector(draftDetector({ name: 'mahalanobis', tokens }), task, 0, 5, toyContext());
      const scores = (await scoreTask(detector, task, 0, 5, toyContext())).layers.get('a')!;
      expect([tokens, scores.length]).toEqual([tokens, 12]);
      expect(Math.min(...scores.subarray(8))).toBeGreaterThan(Math.max(...scores.subarray(0, 8)));
    }
    await expect(
      fitDetector(draftDetector({ name: 'mahalanobis', tokens: 'none' }), task, 0, 5, toyContext()),
    ).rejects.toThrow('cannot be joined into one vector');
    await expect(
      fitDetector(draftDetector({ name: 'mahalanobis', token_position: 1 }), task, 0, 5, toyContext()),
    ).rejects.toThrow('sample 0: expected a token 1');
    task.source.dispose();
  });

  it('says what detectors lack that need more than activations', async () => {
    const task = await build(usual());
    const fitting = (name: string) => fitDetector(draftDetector({ name }), task, 0, 7, toyContext());
    await expect(fitting('energy')).rejects.toThrow("needs the model's outputs, and none were recorded");
    await expect(fitting('finetuning')).rejects.toThrow("needs gradients of the model's loss");
    await expect(fitting('abstraction')).rejects.toThrow('runs the model itself on inputs');
    await expect(fitting('que')).rejects.toThrow('needs untrusted data');
    task.source.dispose();
  });

  it('takes outputs from a layer named logits, which detectors do not look at by themselves', async () => {
    const { trusted, test } = {
      trusted: write('with-logits', { a: flat(rows(1, 30)), logits: flat(rows(2, 30)) }),
      test: write(
        'test-logits',
        { a: flat(rows(3, 30, 10)), logits: flat(rows(4, 30)) },
        { 'metadata.jsonl': labels(30, 10) },
      ),
    };
    const { source: outline } = await outlineRecords(spec({ trusted, test }));
    expect([outline.defaultActivations, outline.outputWidth]).toEqual([['a'], width]);
    const task = await build({ trusted, test });
    const detector = await fitDetector(draftDetector({ name: 'energy' }), task, 0, 7, toyContext());
    expect((await scoreTask(detector, task, 0, 7, toyContext())).layers.get('output')).toHaveLength(30);
    task.source.dispose();
  });

  it('tells a detector which untrusted samples are anomalous only where their labels are given', async () => {
    const untrusted = write(
      'untrusted',
      { a: flat(rows(9, 8, 2)), b: flat(rows(10, 8, 2)) },
      { 'metadata.jsonl': labels(8, 2) },
    );
    const without = await build({ ...usual(), untrusted });
    const given = await build({ ...usual(), untrusted, untrusted_labels: 'label' });
    expect([without.untrusted?.anomalous, [...given.untrusted!.anomalous!]]).toEqual([
      undefined,
      [0, 0, 0, 0, 0, 0, 1, 1],
    ]);
    expect(outlineTask(spec({ ...usual(), untrusted }), place).offers).toMatchObject({
      untrusted: true,
      anomalyLabels: false,
    });
    without.source.dispose();
    given.source.dispose();
  });

  it('draws as many samples as it is told, the same for the same seed', async () => {
    const drawn = async (seed: number) => {
      const task = await build({ ...usual(), max_train_size: 10, max_test_size: 15, seed });
      task.source.dispose();
      return [task.trusted, task.spare!, ...task.test].map(({ indices }) => [...indices]);
    };
    const [trusted, spare, clean, anomalous] = await drawn(1);
    expect([trusted!.length, spare!.length, clean!.length + anomalous!.length]).toEqual([10, 20, 15]);
    expect(new Set([...trusted!, ...spare!]).size).toBe(30);
    expect(await drawn(1)).toEqual([trusted, spare, clean, anomalous]);
    expect(await drawn(2)).not.toEqual([trusted, spare, clean, anomalous]);
  });

  describe('refuses', () => {
    it('test samples that are trusted ones as well, or leaves them out', async () => {
      const own = rows(1, 30);
      const repeated = rows(3, 30, 10);
      repeated.set(own.subarray(0, 2 * width));
      const params = {
        trusted: write('overlap-trusted', { a: flat(own) }),
        test: write('overlap-test', { a: flat(repeated) }, { 'metadata.jsonl': labels(30, 10) }),
      };
      await expect(build(params)).rejects.toThrow('2 clean test samples are also trusted data');
      const task = await build({ ...params, overlap: 'remove' });
      expect(task.test[0]!.indices).toHaveLength(18);
      task.source.dispose();
    });

    it('sets without a layer in common, and says which layers are left out', async () => {
      const { test } = usual();
      const other = write('other', { c: flat(rows(1, 30)) });
      await expect(build({ trusted: other, test })).rejects.toThrow('have no layer in common');
      const wider = write('wider', { a: { shape: [10, 12], data: rows(1, 30) }, b: flat(rows(2, 10)) });
      const said: string[] = [];
      const task = await build({ trusted: wider, test }, said);
      expect([task.source.activationNames, said.join(' ')]).toEqual([['b'], expect.stringContaining('a (12 and 4)')]);
      task.source.dispose();
    });

    it('sets that were made differently, unless they are to be used as they are', async () => {
      const params = {
        trusted: write('made', { a: flat(rows(1, 30)) }, { 'activations.json': contract() }),
        test: write(
          'made-otherwise',
          { a: flat(rows(3, 30, 10)) },
          { 'activations.json': contract({ positions: 'mean' }), 'metadata.jsonl': labels(30, 10) },
        ),
      };
      await expect(build(params)).rejects.toThrow('positions ("last" and "mean")');
      const allowed = await build({ ...params, contracts: 'allow' });
      expect(allowed.leniency).toEqual({ differing: ['positions'], dropped: {} });
      allowed.source.dispose();
    });

    it('activations that are not finite, or drops their samples', async () => {
      const { test } = usual();
      const broken = rows(1, 30);
      broken[5 * width] = NaN;
      const params = { trusted: write('broken', { a: flat(broken) }), test };
      const task = await build(params);
      await expect(fitDetector(draftDetector({ name: 'mahalanobis' }), task, 0, 7, toyContext())).rejects.toThrow(
        'A value of sample 5 at a is NaN',
      );
      task.source.dispose();
      const said: string[] = [];
      const dropped = await build({ ...params, not_finite: 'drop' }, said);
      expect([dropped.trusted.indices.length, said.join(' ')]).toEqual([
        29,
        expect.stringContaining('Dropped from the trusted data: 1 sample'),
      ]);
      expect(dropped.leniency).toEqual({ differing: [], dropped: { trusted: 1 } });
      dropped.source.dispose();
    });

    it('test data of one kind, other labels than 0 and 1, and files that are not there', async () => {
      const { trusted, test } = usual();
      const allNormal = write('all-normal', { a: flat(rows(3, 5)) }, { 'metadata.jsonl': labels(5, 0) });
      await expect(build({ trusted, test: allNormal })).rejects.toThrow('found 5 of label 0 and 0 of label 1');
      await expect(build({ trusted, test, test_labels: 'text' })).rejects.toThrow(
        'expected the labels 0 (normal) and 1 (anomalous)',
      );
      await expect(build({ trusted: join(place, 'nowhere'), test })).rejects.toMatchObject({ code: 'not-found' });
    });
  });
});
