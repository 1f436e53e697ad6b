import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// What the guides say of adding a dataset, a task and a detector, done in a copy of the sources: a file each, whose text is the
// page's, and a line in the index beside it.

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The copy. */
const house = mkdtempSync(join(tmpdir(), 'cupbearer-additions-'));
afterAll(() => {
  rmSync(house, { recursive: true });
});

interface Addition {
  page: string;
  folder: string;
  file: string;
  /** From where the index imports it, and under which name. */
  name: string;
  from: string;
}

const additions: readonly Addition[] = [
  { page: 'adding-a-dataset.md', folder: 'main/data/datasets', file: 'two-moons.ts', name: 'twoMoons', from: './two-moons.ts' }, // prettier-ignore
  { page: 'adding-a-task.md', folder: 'main/tasks', file: 'negated.ts', name: 'negatedInputs', from: './negated.ts' },
  { page: 'adding-a-detector.md', folder: 'main/detectors', file: 'methods/mean-distance.ts', name: 'meanDistance', from: './methods/mean-distance.ts' }, // prettier-ignore
];

function add({ page, folder, file, name, from }: Addition): void {
  const [, example] = /^```ts\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs', page), 'utf8'))!;
  writeFileSync(join(house, folder, file), example!);
  const index = join(house, folder, 'index.ts');
  const before = readFileSync(index, 'utf8');
  const after = before.replace(/(new Registry(?:<\w+>)?\('\w+', \[)/, `$1${name},`);
  expect(after).not.toBe(before);
  writeFileSync(index, `import { ${name} } from '${from}';\n${after}`);
}

/** What a command of the copy prints as JSON. */
function cupbearer(...words: string[]): unknown {
  const launcher = join(house, 'main', 'hosts', 'cli', 'launch.mjs');
  const env = { ...process.env, CUPBEARER_HOME: join(house, 'home') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { cwd: house, env, encoding: 'utf8' }); // prettier-ignore
  expect(stderr, words.join(' ')).not.toContain('Error');
  expect(status, `${stdout}${stderr}`).toBe(0);
  return words.includes('--json') ? JSON.parse(stdout) : stdout;
}

beforeAll(() => {
  for (const part of ['main', 'shared', 'resources', 'package.json', 'tsconfig.json'])
    cpSync(join(root, part), join(house, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'), 'junction');
  additions.forEach(add);
});

describe('a dataset, a task and a detector that were added as the guides say', () => {
  it('pass the compiler as they are printed', () => {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '--incremental', 'false', '-p', house], { encoding: 'utf8' }); // prettier-ignore
    expect(stdout).toBe('');
  }, 240_000);

  it('are in the help', () => {
    const help = cupbearer('train-detector', '--task', 'negated-inputs', '--detector', 'mean-distance', '-h');
    expect(help).toContain('negated-inputs');
    expect(help).toContain('mean-distance');
    expect(cupbearer('train-classifier', '--train_data', 'two-moons', '-h')).toContain('--train_data.noise');
  });

  it('train, fit and evaluate', () => {
    const folder = join(house, 'classifier');
    const training = [
      '--train_data',
      'two-moons',
      '--model.hidden_dims',
      '16',
      '--num_epochs',
      '20',
      '--engine',
      'wasm',
    ];
    const trained = cupbearer('train-classifier', ...training, '--dir.full', folder, '--json');
    expect(trained).toMatchObject({ run: { status: 'done', title: 'mlp on two-moons' } });
    const task = ['--task', 'negated-inputs', '--task.run_path', folder];
    const fitted = cupbearer('train-detector', '--detector', 'mean-distance', ...task, '--engine', 'wasm', '--json');
    const { run } = fitted as { run: { status: string; metrics: Record<string, number> } };
    expect(run.status).toBe('done');
    expect(run.metrics['auroc']).toBeGreaterThan(0.6);
  }, 240_000);
});
