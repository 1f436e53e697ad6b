import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from '../../main/api/workbench.ts';
import { runOn } from '../api/run-on.ts';
import { startCli } from '../hosts/cli-process.ts';
import { adaptersPython, torchPython } from './torch-python.ts';

const python = process.env['PYTHON'] ?? (process.platform === 'win32' ? 'python' : 'python3');
const source = fileURLToPath(new URL('../../resources/python', import.meta.url));
const page = fileURLToPath(new URL('../../docs/python.md', import.meta.url));

const has = (...modules: string[]) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-bridge-'));
  mkdirSync(join(folder, 'home'));
  const workbench = new Workbench(join(folder, 'home', 'catalogue.sqlite'));
  try {
    const original = { name: 'glyphs', limit: 400 };
    await runOn(
      workbench,
      'train-classifier',
      { train_data: { name: 'backdoor', original, backdoor: 'corner' }, num_epochs: 1 },
      { folder: join(folder, 'classifier') },
    );
    const task = { name: 'backdoor', run_path: join(folder, 'classifier') };
    await runOn(workbench, 'train-detector', { detector: 'mahalanobis', task }, { folder: join(folder, 'detector') });
  } finally {
    workbench.close();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs Python with the package as it lies here. */
function run(...args: string[]) {
  return runBy(python, ...args);
}

function runBy(program: string, ...args: string[]) {
  const env = {
    ...process.env,
    PYTHONPATH: source,
    PYTHONDONTWRITEBYTECODE: '1',
    MPLBACKEND: 'agg',
    MPLCONFIGDIR: folder,
    CUPBEARER_HOME: join(folder, 'home'),
    CUPBEARER_TEST_RUNS: folder,
  };
  return spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' });
}

describe('cupbearer_bridge', () => {
  it.skipIf(!has('numpy', 'pandas', 'pytest'))('passes its own tests (skipped without numpy, pandas, pytest)', () => {
    const tests = fileURLToPath(new URL('./test_bridge.py', import.meta.url));
    const { status, stdout, stderr } = run('-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/\d+ passed/);
  });

  it.skipIf(!has('numpy', 'pytest'))(
    'runs plugins as its own tests say (skipped without numpy, pytest)',
    () => {
      const tests = fileURLToPath(new URL('./test_plugin.py', import.meta.url));
      const { status, stdout, stderr } = run('-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests);
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/\d+ passed/);
    },
    300_000,
  );

  it.skipIf(!torchPython)(
    'exports activations as its own tests say (skipped without PyTorch in CUPBEARER_TORCH_VENV)',
    () => {
      const tests = fileURLToPath(new URL('./test_export.py', import.meta.url));
      const { status, stdout, stderr } = runBy(torchPython!, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests);
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/\d+ passed/);
      expect(stdout).not.toContain('skipped');
    },
    600_000,
  );

  it.skipIf(!torchPython)(
    'runs models in plugins as its own tests say (skipped without PyTorch in CUPBEARER_TORCH_VENV)',
    () => {
      const tests = fileURLToPath(new URL('./test_plugin_models.py', import.meta.url));
      const { status, stdout, stderr } = runBy(torchPython!, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests);
      expect(status, stdout + stderr).toBe(0);
      const library = fileURLToPath(new URL('./test_adapters.py', import.meta.url));
      const written = runBy(torchPython!, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', library, '-k', 'written_for');
      expect(written.stdout).toMatch(/1 passed/);
      expect(stdout).toMatch(/\d+ passed/);
      expect(stdout).not.toContain('skipped');
    },
    600_000,
  );

  it.skipIf(!adaptersPython)(
    'runs detectors of PyOD and scikit-learn as its own tests say (skipped without them in CUPBEARER_ADAPTERS_VENV)',
    () => {
      const tests = fileURLToPath(new URL('./test_adapters.py', import.meta.url));
      const { status, stdout, stderr } = runBy(adaptersPython!, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', tests);
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/1\d passed/);
    },
    300_000,
  );

  const examples = [...readFileSync(page, 'utf8').matchAll(/^```python\n(.*?)^```/gms)].map(([, text]) => text!);

  it.skipIf(!has('numpy', 'pandas', 'matplotlib'))(
    'is used in docs/python.md as it is (skipped without numpy, pandas, matplotlib)',
    () => {
      expect(examples).toHaveLength(2);
      for (const example of examples) {
        const { status, stdout, stderr } = run('-c', example);
        expect(status, stderr).toBe(0);
        expect(stdout).toContain('mahalanobis');
      }
      expect(readFileSync(join(folder, 'scores.png')).subarray(1, 4).toString()).toBe('PNG');
    },
  );

  it('lies where the command says', async () => {
    const { code, stdout } = await startCli(['python-path'], { cwd: folder, home: join(folder, 'home') }).ended;
    expect(code).toBe(0);
    expect(stdout.trim()).toBe(source);
  });
});
