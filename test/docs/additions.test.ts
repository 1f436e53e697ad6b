import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cataloguePath } from '../../main/storage/home.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { runRecord } from '../storage/run-records.ts';
import { addColumn, addScreen, CopiedSources, examplesOf } from './copied-sources.ts';

// What the guides say of adding a dataset, a trigger, a task, a detector, a call, a screen and a column, done in a copy of the
// sources: the text is the page's. test/e2e/additions.spec.ts looks at the screen and the column.

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
  { page: 'adding-a-trigger.md', folder: 'main/data/triggers', file: 'dimmed.ts', name: 'dimmed', from: './dimmed.ts' },
  { page: 'adding-a-task.md', folder: 'main/tasks', file: 'negated.ts', name: 'negatedInputs', from: './negated.ts' },
  { page: 'adding-a-detector.md', folder: 'main/detectors', file: 'methods/mean-distance.ts', name: 'meanDistance', from: './methods/mean-distance.ts' }, // prettier-ignore
];

function add({ page, folder, file, name, from }: Addition): void {
  // The page also has examples of plugins.
  const example = examplesOf(page, 'ts').find((text) => text.includes(`export const ${name} `));
  house.write(`${folder}/${file}`, example!);
  house.change(`${folder}/index.ts`, /(new Registry(?:<\w+>)?\('\w+', \[)/, `$1${name},`);
  house.change(`${folder}/index.ts`, /^/, `import { ${name} } from '${from}';\n`);
}

/** A program in the copy that asks by the call that was added. */
const asking = `
import { createRouterClient } from '@orpc/server';
import { createApplication } from './main/api/create-application.ts';
import { createRouter } from './main/api/router.ts';
import { forkProcess } from './main/jobs/child-process.ts';

const application = createApplication({ host: { kind: 'web', launch: forkProcess } });
const client = createRouterClient(createRouter(application));
process.stdout.write(JSON.stringify(await client.runs.children({ id: '20260101-000000-base' })));
await application.close();
`;

/** Adds the call of adding-a-call.md: its declaration, and what implements it. */
function addCall(): void {
  const [declaration, handler] = examplesOf('adding-a-call.md', 'ts');
  house.change('shared/contract.ts', /^const runs = \{\n/m, `$&${declaration}`);
  house.change('main/api/calls/runs.ts', /^ {2}return \{\n/m, `$&${handler}`);
}

/** The files that each addition touched. */
const touched = new Map<string, string[]>();

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
  for (const addition of additions)
    touched.set(
      addition.page,
      house.touchedBy(() => add(addition)),
    );
  touched.set('a call', house.touchedBy(addCall));
  touched.set(
    'a screen',
    house.touchedBy(() => addScreen(house)),
  );
  touched.set(
    'a column',
    house.touchedBy(() => addColumn(house)),
  );
});

describe('an addition', () => {
  it.each(additions)('as $page says is a file and a line', ({ page, folder, file }) => {
    expect(touched.get(page)).toEqual([`${folder}/${file}`, `${folder}/index.ts`].sort());
  });

  it('of a call is its declaration and what implements it', () => {
    expect(touched.get('a call')).toEqual(['main/api/calls/runs.ts', 'shared/contract.ts']);
  });

  it('of a screen is its folder and a line', () => {
    const folder = 'renderer/screens/tags';
    const index = 'renderer/screens/index.ts';
    expect(touched.get('a screen')).toEqual([index, `${folder}/TagsScreen.svelte`, `${folder}/screen.ts`]);
  });

  it('of a column is an entry', () => {
    expect(touched.get('a column')).toEqual(['renderer/screens/runs/columns.ts']);
  });
});

describe('a dataset, a trigger, a task and a detector that were added as the guides say', () => {
  it('pass the compiler as they are printed, and so does a plugin', () => {
    const plugin = examplesOf('adding-a-detector.md', 'ts').find((text) => text.includes('cupbearer/plugin'));
    house.write('main/authoring/from-the-docs.ts', plugin!.replace('cupbearer/plugin', './index.ts'));
    const { stdout } = checked('typescript/bin/tsc', '--noEmit', '--incremental', 'false');
    expect(stdout).toBe('');
  }, 240_000);

  it('are in the help', () => {
    const help = cupbearer('train-detector', '--task', 'negated-inputs', '--detector', 'mean-distance', '-h');
    expect(help).toContain('negated-inputs');
    expect(help).toContain('mean-distance');
    expect(cupbearer('train-classifier', '--train_data', 'two-moons', '-h')).toContain('--train_data.noise');
  });

  it('are on the reference pages once these are made again', () => {
    const { status } = spawnSync(process.execPath, ['docs/generate.ts'], { cwd: house.folder });
    expect(status).toBe(0);
    for (const [page, id] of Object.entries({
      datasets: 'two-moons',
      triggers: 'dimmed',
      tasks: 'negated-inputs',
      detectors: 'mean-distance',
    }))
      // prettier-ignore
      expect(readFileSync(house.path('docs', `${page}.md`), 'utf8')).toContain(id);
  });

  it('poison data', () => {
    const data = ['--train_data', 'backdoor', '--train_data.original', 'glyphs', '--train_data.original.limit', '200'];
    const trigger = ['--train_data.backdoor', 'dimmed', '--train_data.backdoor.factor', '0.25'];
    const model = ['--model.hidden_dims', '8', '--num_epochs', '1', '--engine', 'wasm'];
    const folder = house.path('poisoned');
    const trained = cupbearer('train-classifier', ...data, ...trigger, ...model, '--dir.full', folder, '--json');
    expect(trained).toMatchObject({ run: { status: 'done' } });
    const { spec } = JSON.parse(readFileSync(join(folder, 'spec.json'), 'utf8')) as { spec: { train_data: object } };
    expect(spec.train_data).toMatchObject({ backdoor: { name: 'dimmed', factor: 0.25 } });
  }, 240_000);

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

describe('a call that was added as the guide says', () => {
  it('answers', () => {
    const home = house.path('home-of-call');
    mkdirSync(home);
    const catalogue = openCatalogue(cataloguePath(home));
    catalogue.insert(runRecord({ id: '20260101-000000-base', folder: join(home, 'base') }));
    catalogue.insert(runRecord({ id: '20260101-000001-next', folder: join(home, 'next'), parents: ['20260101-000000-base'] })); // prettier-ignore
    catalogue.close();
    house.write('ask.ts', asking);
    const env = { ...process.env, CUPBEARER_HOME: home };
    const { stdout, stderr } = spawnSync(process.execPath, ['ask.ts'], { cwd: house.folder, env, encoding: 'utf8' });
    expect(stdout, stderr).toBe('{"ids":["20260101-000001-next"]}');
  });
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
