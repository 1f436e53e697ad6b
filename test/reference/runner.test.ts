import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScores } from '../../main/storage/run-folder.ts';
import { encodeSafetensors } from '../../main/storage/safetensors.ts';
import { pngBytes } from '../data/png-bytes.ts';
import { engineUnderTest } from '../engine-under-test.ts';
import { startCli } from '../hosts/cli-process.ts';
import { anomalous, array, describeReference, entry, expectNear, type Group } from './reference-set.ts';

/** The command line chooses its engine by itself: there is nothing to see of another one that is under test. */
const describeRun = engineUnderTest === 'wasm' ? describeReference : describe.skip;

/** The seed library's own numbers from the pictures on: imported weights, picture files, the command line, a run folder. */
describeRun('a run by the command line', () => {
  let place = '';
  let model = '';
  /** Rows of the evaluation set in the order in which a folder of pictures is read: by class, then by name. */
  const evaluated: Record<'clean' | 'anomalous', number[]> = { clean: [], anomalous: [] };

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'cupbearer-reference-'));
    writeModel(join(place, 'theirs'));
    for (const group of ['trusted', 'untrusted', 'eval'] as const) {
      const { clean, anomalous } = writePictures(group);
      if (group === 'eval') Object.assign(evaluated, { clean, anomalous });
    }
    model = (await cli('models', 'import', 'theirs', ...pictures('train_data', 'trusted-clean'))).folder;
  }, 60_000);
  afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

  function writeModel(folder: string): void {
    mkdirSync(folder);
    const layers = [0, 1, 2].map((k) => `linear_${k}`);
    const tensors = Object.fromEntries(
      layers.flatMap((layer) =>
        ['weight', 'bias'].map((part) => [`layers.${layer}.${part}`, array(`model_${layer}_${part}`)] as const),
      ),
    );
    writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(tensors));
    const description = {
      format: 1,
      architecture: { name: 'mlp', hidden_dims: [128, 128] },
      input_shape: [28, 28, 1],
      classes: [...'0123456789'],
      parameters: 784 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10,
      layers: [],
    };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(description));
  }

  /** Writes the pictures of a group and returns its rows, clean and anomalous, in the order of the files. */
  function writePictures(group: Group): Record<'clean' | 'anomalous', number[]> {
    const images = array(`${group}_images`).data as Uint8Array;
    const labels = array(`${group}_labels`).data;
    const rows: Record<'clean' | 'anomalous', [path: string, row: number][]> = { clean: [], anomalous: [] };
    anomalous(group).forEach((isAnomalous, row) => {
      const kind = isAnomalous ? 'anomalous' : 'clean';
      const folder = join(place, `${group}-${kind}`, String(labels[row]));
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${String(row).padStart(4, '0')}.png`);
      const scanlines = Buffer.alloc(28 * 29);
      for (let y = 0; y < 28; y++)
        scanlines.set(images.subarray(row * 784 + y * 28, row * 784 + (y + 1) * 28), y * 29 + 1);
      writeFileSync(path, pngBytes({ width: 28, height: 28, rows: deflateSync(scanlines) }));
      rows[kind].push([path, row]);
    });
    const inOrder = (named: [string, number][]) => named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return { clean: inOrder(rows.clean), anomalous: inOrder(rows.anomalous) };
  }

  async function cli(...args: string[]): Promise<{ folder: string }> {
    const { code, stdout, stderr } = await startCli([...args, '--json'], { cwd: place, home: join(place, 'home') })
      .ended;
    if (code !== 0) throw new Error(`cupbearer ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as { folder: string };
  }

  const pictures = (key: string, folder: string) => {
    const flags = { '': 'image-folder', folder, size: '28', colour: 'false', test_fraction: '0' };
    const named = Object.entries({ ...flags, default_augmentations: 'false' });
    return named.flatMap(([name, value]) => [`--${key}${name && '.'}${name}`, value]);
  };

  /** Scores by layer in the order of the evaluation set, of a detector fitted and evaluated by one command. */
  async function scoresOf(detector: readonly string[]): Promise<Record<string, Float64Array>> {
    const { folder } = await cli(
      ...['train-detector', '--analysis', 'false', '--task', 'separate-data', '--task.run_path', model],
      ...pictures('task.trusted_data', 'trusted-clean'),
      ...pictures('task.clean_untrusted_data', 'untrusted-clean'),
      ...pictures('task.anomalous_untrusted_data', 'untrusted-anomalous'),
      ...pictures('task.clean_test_data', 'eval-clean'),
      ...pictures('task.anomalous_test_data', 'eval-anomalous'),
      ...['--task.clean_train_weight', '0.5', '--task.untrusted_labels', 'true', '--detector', ...detector],
    );
    const { layers, labels, sampleIndex } = readScores(folder);
    expect(labels).toHaveLength(300);
    return Object.fromEntries(
      [...layers].map(([layer, scores]) => {
        const ordered = new Float64Array(300).fill(NaN);
        scores.forEach((score, i) => {
          const rows = labels[i] === 1 ? evaluated.anomalous : evaluated.clean;
          ordered[rows[sampleIndex[i]!]!] = score;
        });
        return [layer, ordered];
      }),
    );
  }

  const compat = ['--detector.compat', 'true'];
  const distance = (relative: boolean, shrinkage: string) => [
    ...['mahalanobis', ...compat, '--detector.relative', String(relative), '--detector.shrinkage', shrinkage],
  ];

  it.each([
    ['mahalanobis_relative_false_shrinkage_0', distance(false, '0')],
    ['mahalanobis_relative_false_shrinkage_0.1', distance(false, '0.1')],
    ['mahalanobis_relative_true_shrinkage_0', distance(true, '0')],
    ['mahalanobis_relative_true_shrinkage_0.1', distance(true, '0.1')],
    ['spectral', ['spectral', ...compat]],
    ['beatrix', ['beatrix', ...compat]],
    ['supervised_probe_converged', ['supervised-probe', '--detector.scaler', 'false']],
  ])(
    'gives %s',
    async (name, detector) => {
      const found = await scoresOf(detector);
      // Activations are computed here, in float32 as in the run that is compared with.
      for (const [layer, scores] of Object.entries(entry(name).scores!)) expectNear(found[layer]!, scores, 1e-3);
    },
    60_000,
  );
});
