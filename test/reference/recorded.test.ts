import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScores } from '../../main/storage/run-folder.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { startCli } from '../hosts/cli-process.ts';
import {
  anomalous,
  describeReference,
  entry,
  expectScores,
  layerNames,
  pathOf,
  shortName,
  type Group,
} from './reference-set.ts';

/** The command line chooses its engine by itself: there is nothing to see of another one that is under test. */
const describeRun = engineUnderTest === 'wasm' ? describeReference : describe.skip;

/** The seed library's scores from its recorded activations on: no model, no data, the task `activations` by the command line. */
describeRun('recorded activations by the command line', () => {
  let place = '';
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'cupbearer-recorded-'));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

  const layersOf = (group: Group, withLogits: boolean) => {
    const files = layerNames.map((layer) => `${layer}=${pathOf(`${group}_${shortName(layer)}`)}`);
    return [...files, ...(withLogits ? [`logits=${pathOf(`${group}_linear_2`)}`] : [])].join(',');
  };

  it.each([
    ['mahalanobis_relative_false_shrinkage_0', 'mahalanobis', { relative: 'false', shrinkage: '0' }],
    ['mahalanobis_relative_true_shrinkage_0.1', 'mahalanobis', { relative: 'true', shrinkage: '0.1' }],
    ['spectral', 'spectral', {}],
    ['beatrix', 'beatrix', {}],
  ])(
    'give %s',
    async (name, detector, settings) => {
      const out = join(place, name);
      const withLogits = detector !== 'mahalanobis';
      const flags = Object.entries({ compat: 'true', ...settings }).flatMap(([key, value]) => [
        `--detector.${key}`,
        value,
      ]);
      const { code, stderr } = await startCli(
        [
          ...['train-detector', '--analysis', 'false', '--task', 'activations'],
          ...(['trusted', 'untrusted'] as const).flatMap((group) => [`--task.${group}`, layersOf(group, withLogits)]),
          ...['--task.test', layersOf('eval', withLogits), '--task.test_labels', pathOf('eval_anomaly')],
          ...['--detector', detector, ...flags, '--dir.full', out],
        ],
        { cwd: place, home: join(place, 'home') },
      ).ended;
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      const { layers, labels, sampleIndex } = readScores(out);
      expect(Uint8Array.from(sampleIndex, (index) => anomalous('eval')[index]!)).toEqual(labels);
      const inOrder = (scores: Float32Array) => {
        const ordered = new Float64Array(scores.length).fill(NaN);
        scores.forEach((score, i) => (ordered[sampleIndex[i]!] = score));
        return ordered;
      };
      const found = Object.fromEntries([...layers].map(([layer, scores]) => [layer, inOrder(scores)]));
      expectScores(found, entry(name), 1e-6);
    },
    60_000,
  );
});
