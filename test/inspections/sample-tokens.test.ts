import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import { LoadedDatasets } from '../../main/data/loaded-datasets.ts';
import { metadataColumns, metadataValues, nearTrusted, sampleTokens } from '../../main/inspections/sample-tokens.ts';
import { readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { readScores, readTokens } from '../../main/storage/run-folder.ts';
import { runOn } from '../api/run-on.ts';
import { tokensOf, writeRecordedTexts } from '../recorded-texts.ts';

let place: string;
let folder: string;
const context = { dataDir: '/nowhere', signal: new AbortController().signal, datasets: new LoadedDatasets() };

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-sample-tokens-'));
  process.env['CUPBEARER_HOME'] = join(place, 'home');
  const { trusted, test } = writeRecordedTexts(place);
  folder = join(place, 'run');
  const workbench = new Workbench();
  const task = { name: 'activations', trusted, test, max_train_size: 90 };
  await runOn(
    workbench,
    'train-detector',
    { task, detector: { name: 'mahalanobis', tokens: 'score-max' } },
    { folder },
  );
  workbench.close();
}, 300_000);
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

describe('a text of a run whose tokens were scored', () => {
  it('has its tokens, their scores, steps of held-out trusted tokens and metadata', async () => {
    const { layers, sampleIndex } = readScores(folder);
    const position = 50;
    const { words, metadata, scores } = await sampleTokens({ folder, position }, context);
    expect(words).toEqual(
      tokensOf(
        words!
          .join('')
          .replace(/^Review: /, '')
          .replace(/\nSentiment:$/, ''),
      ),
    );
    expect(Object.fromEntries(metadata)['id']).toBe(`test-${String(sampleIndex[position]).padStart(4, '0')}`);
    expect(scores!.basis).toBe('held-out');
    expect(scores!.layers['layers.1']).toHaveLength(words!.length);
    expect(Math.max(...scores!.layers['layers.1']!)).toBe(layers.get('layers.1')![position]);
    expect(scores!.pooled.max!['all']).toBe(layers.get('all')![position]);
    const heldOut = readTokens(folder, { heldOut: true })!;
    expect(scores!.steps['layers.1']!.at(-1)).toBe(Math.max(...heldOut.layers.get('layers.1')!));
  });

  it('has nearest trusted samples, a text each', async () => {
    const near = await nearTrusted({ folder, position: 0, layer: 'layers.1', tokens: 'last' }, context);
    expect([near.searched, near.of, near.nearest.length]).toEqual([90, 90, 3]);
    const distances = near.nearest.map(({ distance }) => distance);
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
    expect(near.nearest[0]!.text).not.toContain('lighthouse');
  });

  it('has columns of metadata to colour by', async () => {
    const { columns } = await metadataColumns({ folder }, context);
    expect(columns).toEqual(expect.arrayContaining(['id', 'source', 'stars', 'group']));
    const { values } = await metadataValues({ folder, column: 'stars', positions: [0, 1] }, context);
    expect(values.every((value) => typeof value === 'number')).toBe(true);
    await expect(metadataValues({ folder, column: 'nothing', positions: [0] }, context)).rejects.toThrow('no column');
  });

  it('counts its groups', () => {
    const { layers } = readEvaluation(folder);
    expect(layers['all']!.n_groups).toBe(30);
    // Those of groups, as samples of one are not independent.
    expect(layers['all']!.AP_interval).not.toBeNull();
    expect(new Set(readScores(folder).groups).size).toBe(30);
  });
});
