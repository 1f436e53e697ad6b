import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import type { DetectorDefinition, Features } from '../../main/detectors/detector.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { runOn } from '../api/run-on.ts';

const docs = new URL('../../docs/', import.meta.url);
const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');

function examples(page: string, language: string): string[] {
  const text = readFileSync(new URL(page, docs), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);
}

function pythonHas(module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0;
}

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-docs-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/adding-a-detector.md', () => {
  it('has an example that fits and scores', async () => {
    const source = examples('adding-a-detector.md', 'ts').find((text) => text.includes('export const meanDistance'));
    const here = new URL('../../main/detectors/methods/', import.meta.url);
    const absolute = source!.replaceAll(/from '(\.[^']*)'/g, (_, path: string) => `from '${new URL(path, here).href}'`);
    const file = join(folder, 'mean-distance.ts');
    writeFileSync(file, absolute);
    const { meanDistance } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      meanDistance: DetectorDefinition;
    };

    const batchOf = (...rows: number[][]) => ({
      inputs: new Float32Array(),
      labels: new Int32Array(rows.length),
      indices: Int32Array.from(rows.keys()),
      size: rows.length,
      layers: new Map([['layer.output', Float32Array.from(rows.flat())]]),
    });
    const features: Features = {
      layers: [{ name: 'layer.output', dims: 2 }],
      trusted: {
        length: 2,
        async *batches() {
          yield batchOf([0, 0], [2, 4]);
        },
      },
    };
    const context = { network: undefined as never, stream: RandomStream.from(0) };
    const state = await meanDistance.fit(features, { ...meanDistance.params.parse({}) } as never, context);
    const scores = await meanDistance.score(state, batchOf([1, 2], [4, 6]), context);
    expect([...scores.get('layer.output')!]).toEqual([0, 5]);
  });
});

describe('docs/file-formats.md', () => {
  const runFiles: Record<string, string[]> = {};

  beforeAll(async () => {
    const workbench = new Workbench(join(folder, 'catalogue.sqlite'));
    try {
      const original = { name: 'glyphs', limit: 400 };
      await runOn(
        workbench,
        'train-classifier',
        { train_data: { name: 'backdoor', original, backdoor: 'corner' }, num_epochs: 1 },
        { folder: join(folder, 'classifier') },
      );
      await runOn(
        workbench,
        'train-detector',
        { detector: 'mahalanobis', task: { name: 'backdoor', run_path: join(folder, 'classifier') } },
        { folder: join(folder, 'detector') },
      );
    } finally {
      workbench.close();
    }
    for (const kind of ['classifier', 'detector']) runFiles[kind] = readdirSync(join(folder, kind)).sort();
  });

  it('lists the files that runs write', () => {
    expect(runFiles['classifier']).toEqual([
      'figures',
      'log.jsonl',
      'metrics.jsonl',
      'model.json',
      'model.safetensors',
      'run.cupbearer',
      'run.json',
      'spec.json',
      'steps.jsonl',
      'trigger.safetensors',
    ]);
    // The log is there where an engine's libraries had something to say.
    expect(runFiles['detector']!.filter((name) => name !== 'log.jsonl')).toEqual([
      'analysis',
      'analysis.json',
      'detector.safetensors',
      'eval.json',
      'figures',
      'run.cupbearer',
      'run.json',
      'scores',
      'spec.json',
    ]);
    const page = readFileSync(new URL('file-formats.md', docs), 'utf8');
    for (const name of new Set(Object.values(runFiles).flat())) expect(page).toContain(name);
  });

  it('names every key of eval.json', () => {
    const page = readFileSync(new URL('file-formats.md', docs), 'utf8');
    const evaluation = JSON.parse(readFileSync(join(folder, 'detector', 'eval.json'), 'utf8')) as Record<
      string,
      object
    >;
    for (const key of Object.keys(evaluation['all']!).filter((name) => !/^TPR.*_interval|^FPR.*_interval/.test(name))) {
      expect(page).toContain(`\`${key}\``);
    }
  });

  it('names every key of analysis.json', () => {
    const page = readFileSync(new URL('file-formats.md', docs), 'utf8');
    const text = readFileSync(join(folder, 'detector', 'analysis.json'), 'utf8');
    const keys = [...text.matchAll(/"([^"]+)":/g)].map((match) => match[1]!).filter((key) => !key.includes('.'));
    for (const key of new Set(keys)) expect(page).toContain(`\`${key}\``);
  });

  const [scoresExample, , weightsExample] = examples('file-formats.md', 'python');

  it.skipIf(!pythonHas('numpy'))('has a Python example that finds the AUROC again (skipped without numpy)', () => {
    const { stdout, stderr } = spawnSync(python, ['-c', scoresExample!, join(folder, 'detector')], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split(/\r?\n/)).toHaveLength(4);
    for (const line of stdout.trim().split(/\r?\n/)) expect(line).toMatch(/ True$/);
  });

  it.skipIf(!pythonHas('safetensors.numpy'))(
    'has a Python example that loads the weights (skipped without safetensors)',
    () => {
      const { stdout } = spawnSync(python, ['-c', weightsExample!, join(folder, 'classifier', 'model.safetensors')], {
        encoding: 'utf8',
      });
      expect(stdout).toContain('layers.linear_0.weight float32 (256, 784)');
      expect(stdout).toContain('layers.linear_2.bias float32 (10,)');
    },
  );
});
