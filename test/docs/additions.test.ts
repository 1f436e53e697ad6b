import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addScreenAndColumn, CopiedSources, examplesOf } from './copied-sources.ts';

// What the guides say of adding a dataset, a task, a detector, a screen and a column, done in a copy of the sources: a file each,
// whose text is the page's, and a line in the index beside it. test/e2e/additions.spec.ts looks at the screen and the column.

const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const house = new CopiedSources();
afterAll(() => {
  house.remove();
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
  const [example] = examplesOf(page, 'ts');
  house.write(`${folder}/${file}`, example!);
  house.change(`${folder}/index.ts`, /(new Registry(?:<\w+>)?\('\w+', \[)/, `$1${name},`);
  house.change(`${folder}/index.ts`, /^/, `import { ${name} } from '${from}';\n`);
}

/** What a checker of the sources says of the copy, and how it ends. */
function checked(script: string, ...words: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [join(packages, script), ...words], { cwd: house.folder, encoding: 'utf8' }); // prettier-ignore
  return { status, stdout };
}

/** What a command of the copy prints as JSON. */
function cupbearer(...words: string[]): unknown {
  const launcher = house.path('main', 'hosts', 'cli', 'launch.mjs');
  const env = { ...process.env, CUPBEARER_HOME: house.path('home') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { cwd: house.folder, env, encoding: 'utf8' }); // prettier-ignore
  expect(stderr, words.join(' ')).not.toContain('Error');
  expect(status, `${stdout}${stderr}`).toBe(0);
  return words.includes('--json') ? JSON.parse(stdout) : stdout;
}

beforeAll(() => {
  additions.forEach(add);
  addScreenAndColumn(house);
});

describe('a dataset, a task and a detector that were added as the guides say', () => {
  it('pass the compiler as they are printed', () => {
    const { stdout } = checked('typescript/bin/tsc', '--noEmit', '--incremental', 'false');
    expect(stdout).toBe('');
  }, 240_000);

  it('are in the help', () => {
    const help = cupbearer('train-detector', '--task', 'negated-inputs', '--detector', 'mean-distance', '-h');
    expect(help).toContain('negated-inputs');
    expect(help).toContain('mean-distance');
    expect(cupbearer('train-classifier', '--train_data', 'two-moons', '-h')).toContain('--train_data.noise');
  });

  it('train, fit and evaluate', () => {
    const folder = house.path('classifier');
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

describe('a screen and a column that were added as the guide says', () => {
  it('pass the checks of the window as they are printed', () => {
    const found = checked(
      'svelte-check/bin/svelte-check',
      '--tsconfig',
      'renderer/tsconfig.json',
      '--fail-on-warnings',
    );
    expect(found, found.stdout).toMatchObject({ status: 0 });
  }, 240_000);
});
