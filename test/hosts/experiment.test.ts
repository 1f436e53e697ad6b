import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCli, type Ended } from './cli-process.ts';

const timeout = 240_000;
let place: string;
let home: string;
let file: string;

const spec = (changes: Record<string, unknown> = {}) => ({
  name: 'Tiny',
  seeds: 2,
  engine: 'wasm',
  training: { num_epochs: 1, batch_size: 64, model: { name: 'mlp', hidden_dims: [16] } },
  tasks: [
    {
      name: 'backdoor',
      classifier: { train_data: { name: 'backdoor', original: 'glyphs', backdoor: 'corner' } },
      max_train_size: 200,
      max_test_size: 100,
    },
  ],
  detectors: ['mahalanobis', 'max-softmax'],
  evaluation: { analysis: false },
  ...changes,
});

const write = (changes?: Record<string, unknown>) => writeFileSync(file, JSON.stringify(spec(changes)));
const cli = (...args: string[]) => startCli(['experiment', ...args], { cwd: place, home });
const ended = (...args: string[]): Promise<Ended> => cli(...args).ended;
const json = async (...args: string[]) => {
  const { stdout, stderr } = await ended(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};
/** The folders of all runs of the experiment, with when each was made. */
const made = () =>
  readdirSync(join(place, 'logs', 'experiment', 'tiny'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('run.json'))
    .map((name) => [name, readFileSync(join(place, 'logs', 'experiment', 'tiny', name), 'utf8')] as const);

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-experiment-'));
  home = join(place, 'home');
  file = join(place, 'tiny.json');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.sequential('cupbearer experiment', () => {
  it('shows what it would do, and writes nothing', { timeout }, async () => {
    write();
    expect(await json('run', file, '--dry_run')).toMatchObject({ cells: 4, runs: 6, classifiers: 2, reused: 0 });
    expect(readdirSync(place).sort()).toEqual(['home', 'tiny.json']);
  });

  it('writes a file to begin with, once', { timeout }, async () => {
    expect((await ended('new', join(place, 'begin', '..', 'begin.yaml'))).code).toBe(0);
    const text = readFileSync(join(place, 'begin.yaml'), 'utf8');
    expect(text).toMatch(/^name: begin$/m);
    expect(text).not.toMatch(/[&*]a\d/);
    expect((await ended('new', 'begin.yaml')).stderr).toContain('exists already');
    expect(await json('run', 'begin.yaml', '--dry_run')).toMatchObject({ cells: 144, runs: 159 });
    rmSync(join(place, 'begin.yaml'));
  });

  it('loses no more to kill -9 than what was being computed', { timeout }, async () => {
    const first = cli('run', file, '--jobs', '1');
    await first.says(/2\/6/);
    first.child.kill('SIGKILL');
    await first.ended;
    const done = made().filter(([, text]) => text.includes('"status": "done"'));
    expect(done.length).toBeGreaterThanOrEqual(2);
    const again = await json('run', file);
    expect(again).toMatchObject({ reused: done.length, done: 6 - done.length, failed: 0, left: 0 });
    // What was done is the same file still.
    for (const [name, text] of done) expect(made()).toContainEqual([name, text]);
  });

  it('computes nothing that is there, and only what is new', { timeout }, async () => {
    expect(await json('run', file)).toMatchObject({ reused: 6, done: 0 });
    write({ detectors: ['mahalanobis', 'max-softmax', 'energy'] });
    expect(await json('run', file)).toMatchObject({ reused: 6, done: 2 });
    expect(await json('status', 'tiny')).toMatchObject({ total: 8, done: 8, failed: 0, at_work: false });
  });

  it('leaves an experiment as it is in a dry run of a file that has changed', { timeout }, async () => {
    const folder = join(place, 'logs', 'experiment', 'tiny');
    const files = () => ['experiment.json', 'cells.jsonl'].map((name) => readFileSync(join(folder, name), 'utf8'));
    const before = files();
    write({ detectors: ['lof'], seeds: 1 });
    expect(await json('run', file, '--dry_run', '--data_dir', place)).toMatchObject({ cells: 1, reused: 0 });
    expect(files()).toEqual(before);
    write({ detectors: ['mahalanobis', 'max-softmax', 'energy'] });
  });

  it('writes its matrix as a table', { timeout }, async () => {
    const { stdout } = await ended('table', 'tiny', '--format', 'latex');
    expect(stdout).toContain('\\toprule');
    expect(stdout).toMatch(/^ *mahalanobis.* & /m);
    const csv = await ended('table', 'tiny', '--format', 'csv', '-o', join(place, 'tiny.csv'));
    expect(csv.code).toBe(0);
    // A line a run under the head: three detectors, two seeds.
    expect(readFileSync(join(place, 'tiny.csv'), 'utf8').trim().split('\n')).toHaveLength(7);
    expect((await ended('table', 'tiny', '--format', 'word')).stderr).toContain('must be one of latex, markdown');
  });

  it('draws its figures, one to a file or all to a folder', { timeout }, async () => {
    expect(
      (await ended('figures', 'tiny', '--figure', 'matrix', '--width', '84', '-o', join(place, 'm.svg'))).code,
    ).toBe(0);
    expect(readFileSync(join(place, 'm.svg'), 'utf8')).toContain('width="84mm"');
    const layer = ['--layer', 'layers.linear_0.output', '--width', '174', '-o', join(place, 'm.svg')];
    expect((await ended('figures', 'tiny', '--figure', 'matrix', ...layer)).code).toBe(0);
    expect(readFileSync(join(place, 'm.svg'), 'utf8')).toContain('alone, picked after seeing the labels');
    // An attack that failed counts nowhere, so that there is nothing to compare or rank.
    const { stdout, stderr } = await ended('figures', 'tiny', '-o', join(place, 'figures'));
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/tiny-matrix\.pdf$/),
      expect.stringMatching(/tiny-roc\.pdf$/),
    ]);
    expect(stderr).toContain('No figure "forest": There are no differences to draw');
    expect(stderr).toContain('No figure "ranks": There are no ranks to draw');
    expect(stderr).toContain('No figure "curves": There are no curves to draw');
    expect(readFileSync(join(place, 'figures', 'tiny-matrix.pdf'), 'latin1')).toMatch(/^%PDF-/);
    expect((await ended('figures', 'tiny', '-o', join(place, 'all.pdf'))).stderr).toContain(
      'One file holds one figure',
    );
    rmSync(join(place, 'figures'), { recursive: true });
    rmSync(join(place, 'm.svg'));
  });

  it('writes a report that holds the experiment, which comes out of it as it was', { timeout }, async () => {
    for (const name of ['tiny-report.html', 'tiny-report.md']) {
      const report = join(place, name);
      expect((await ended('report', 'tiny', '-o', report, '--cells', 'pages')).code).toBe(0);
      const text = readFileSync(report, 'utf8');
      // Nothing of this machine, not even in the folders of the runs that its charts were read from.
      expect(text).not.toContain(place);
      expect(text).toContain('mahalanobis on Corner');
      expect(text).toContain('Not counted. Its attack failed');
      expect((await ended('new', `from-${name}.yaml`, '--from', report)).code).toBe(0);
      // The same cells, so that nothing of it is computed again.
      const again = await json('run', `from-${name}.yaml`, '--dry_run');
      expect(again).toMatchObject({ runs: 8, reused: 8 });
      rmSync(report);
      rmSync(join(place, `from-${name}.yaml`));
    }
    expect((await ended('report', 'tiny')).stderr).toContain('A report needs a file');
    expect((await ended('report', 'tiny', '-o', 'tiny.pdf')).stderr).toContain('".pdf" names no format of a report');
    expect((await ended('new', 'no.yaml', '--from', file)).stderr).toContain('is no report of an experiment');
  });

  it('takes a classifier from another experiment that has trained the same', { timeout }, async () => {
    write({ name: 'Other', detectors: ['energy', 'lof'] });
    expect(await json('run', file)).toMatchObject({ reused: 4, done: 2 });
  });

  it('evaluates fitted detectors on another task without fitting them again', { timeout }, async () => {
    const [corner] = spec().tasks;
    const noise = { name: 'backdoor', label: 'Noise', backdoor: 'noise', fitted_on: 'Corner', max_test_size: 100 };
    write({ name: 'Ablation', tasks: [{ ...corner, label: 'Corner' }, noise] });
    expect(await json('run', file)).toMatchObject({ reused: 6, done: 4, failed: 0 });
    const { code, stdout } = await startCli(['runs', '--kind', 'detector', '--json'], { cwd: place, home }).ended;
    expect(code).toBe(0);
    const [fitted] = JSON.parse(stdout) as { id: string }[];
    write({
      name: 'Fitted',
      seeds: 1,
      tasks: spec().tasks,
      detectors: ['energy', { run: fitted!.id, label: 'earlier' }],
    });
    expect(await json('run', file)).toMatchObject({ reused: 2, done: 1, failed: 0 });
    write({ name: 'Fitted', seeds: 1, detectors: [{ run: 'nobody' }] });
    expect((await ended('run', file)).stderr).toContain('nobody');
  });

  it('lets one process work on an experiment, and stops it when it is asked to', { timeout }, async () => {
    write({ name: 'Long', training: { num_epochs: 2000, model: { name: 'mlp', hidden_dims: [16] } } });
    const running = cli('run', file, '--jobs', '1');
    for (let status: unknown = false; status !== true; await wait(200)) {
      const found = await json('status', 'long').catch(() => ({ at_work: false, running: 0 }));
      status = found['at_work'] && found['running'] === 1;
    }
    const second = await ended('run', file);
    expect(second).toMatchObject({ code: 1 });
    expect(second.stderr).toMatch(/Process \d+ is at work on the experiment "Long"/);
    expect((await ended('cancel', 'long')).code).toBe(0);
    expect((await running.ended).code).toBe(130);
    expect(await json('status', 'long')).toMatchObject({ at_work: false, running: 0, done: 0 });
    expect((await ended('cancel', 'long')).stderr).toContain('Nothing works on the experiment "Long"');
  });

  it('goes on with other cells where one fails, says why, and tries it again', { timeout }, async () => {
    const [task] = spec().tasks;
    write({ name: 'Faulty', seeds: 1, detectors: ['max-softmax'] });
    expect((await ended('run', file)).code).toBe(0);
    const inTheWay = join(place, 'logs', 'experiment', 'faulty', 'second');
    writeFileSync(inTheWay, '');
    write({
      name: 'Faulty',
      seeds: 1,
      tasks: [{ ...task, label: 'Second', max_test_size: 90 }, task],
      detectors: ['max-softmax', 'energy'],
    });
    const { code, stderr } = await ended('run', file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/max-softmax on Second, seed 0 {2}failed: .*second/);
    expect(stderr).toContain('2 of 5 runs failed.');
    expect(await json('status', 'faulty')).toMatchObject({ total: 5, done: 3 });
    rmSync(inTheWay);
    expect(await json('resume', 'faulty')).toMatchObject({ reused: 3, done: 2, failed: 0 });
  });

  it('says of what is not possible why, and does the rest', { timeout }, async () => {
    write({ name: 'Partly', seeds: 1, detectors: ['max-softmax', 'spectral'] });
    const { code, stdout } = await ended('run', file);
    expect(code).toBe(0);
    expect(stdout).toContain('1 cell is not possible:\n  spectral: Spectral signatures needs untrusted data');
  });

  it.each([
    [['run', 'nowhere'], 'Unknown experiment "nowhere"'],
    [['run', 'missing.yaml'], 'missing.yaml'],
    [['status', 'tinyy'], 'Did you mean "Tiny"?'],
    [['dance', 'tiny'], 'dance'],
    [['status'], 'needs the name of an experiment'],
  ])('answers %j with what is wrong', { timeout }, async (args, message) => {
    const { code, stderr } = await ended(...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it('finds its experiments again when the catalogue is lost', { timeout }, async () => {
    for (const name of readdirSync(home).filter((each) => each.startsWith('catalogue')))
      rmSync(join(home, name), { force: true });
    const { experiments } = (await json('list')) as { experiments: { name: string }[] };
    expect(experiments.map(({ name }) => name).sort()).toEqual([
      'Ablation',
      'Faulty',
      'Fitted',
      'Long',
      'Other',
      'Partly',
      'Tiny',
    ]);
    expect(await json('status', 'tiny')).toMatchObject({ total: 8, done: 8 });
  });
});
