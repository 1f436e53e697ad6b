import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  comparedSamplesCsv,
  compareRuns,
  type ComparedSamples,
  type RunComparison,
} from '../../main/reports/compare-runs.ts';
import { evaluatedRun } from '../../main/api/reports/run-sources.ts';
import { namedRun } from '../../main/api/runs/named-run.ts';
import { Workbench } from '../../main/api/workbench.ts';
import { delongTest } from '../../main/evaluation/delong.ts';
import { spearman } from '../../main/evaluation/rank-correlation.ts';
import { readScores, writeScores } from '../../main/storage/run-folder.ts';
import { runOn } from './run-on.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));

/** Also the program's own folder, so that the command line sees the same runs. */
let folder = '';
let workbench: Workbench;
const ids: Record<string, string> = {};

const at = (name: string) => join(folder, name);

const compare = (names: readonly string[]) => compareRuns(names.map((name) => evaluatedRun(namedRun(workbench, name))));

async function fit(name: string, detector: object, task: object, settings: object = {}): Promise<void> {
  const { record } = await runOn(
    workbench,
    'train-detector',
    {
      detector: { name: 'mahalanobis', ...detector },
      task: { name: 'backdoor', run_path: at('classifier'), ...task },
      analysis: false,
      ...settings,
    },
    { folder: at(name) },
  );
  ids[name] = record.id;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cupbearer-compare-'));
  workbench = new Workbench(join(folder, 'catalogue.sqlite'));
  const original = { name: 'glyphs', limit: 400 };
  await runOn(
    workbench,
    'train-classifier',
    { train_data: { name: 'backdoor', original, backdoor: 'noise' }, num_epochs: 1 },
    { folder: at('classifier') },
  );
  await fit('plain', {}, {}, { analysis: true });
  await fit('relative', { relative: true, layers: ['layers.linear_2.output'] }, {});
  // A quarter of the samples is clean: with other shares, the same test data are divided otherwise.
  await fit('fewer', {}, { clean_test_weight: 0.25 });
  await fit('other', {}, { seed: 1 });
}, 120_000);

afterAll(() => {
  workbench.close();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: string[]) =>
  spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, CUPBEARER_HOME: folder },
  });
const run = (...args: string[]) => cli('compare', ...args);

describe('comparing runs', () => {
  it('tests pairs on the samples that both have scored', () => {
    const { runs, pairs } = compare([ids['plain']!, at('relative'), ids['fewer']!]);
    expect(runs.map(({ id }) => id)).toEqual([ids['plain'], ids['relative'], ids['fewer']]);
    const [plain, relative, fewer] = ['plain', 'relative', 'fewer'].map((name) => readScores(at(name)));
    const all = (scores: typeof plain) => scores!.layers.get('all')!;
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(pairs[0]).toEqual({
      a: 0,
      b: 1,
      shared: plain!.labels.length,
      reason: null,
      test: delongTest(all(plain), all(relative), plain!.labels),
      spearman: spearman(all(plain), all(relative)),
    });
    expect(pairs[0]!.test!.aurocA).toBe(runs[0]!.metrics.AUC_ROC);
    // By hand: which samples of both have the same index and label.
    const places = (scores: typeof plain) =>
      new Map([...scores!.sampleIndex].map((index, i) => [`${scores!.labels[i]} ${index}`, i]));
    const [mine, theirs] = [places(plain), places(fewer)];
    const shared = [...mine.keys()].filter((key) => theirs.has(key));
    expect(shared.length).toBeLessThan(plain!.labels.length);
    const take = (scores: typeof plain, from: Map<string, number>) =>
      Float32Array.from(shared, (key) => all(scores)[from.get(key)!]!);
    expect(pairs[1]!.shared).toBe(shared.length);
    expect(pairs[1]!.test).toEqual(
      delongTest(
        take(plain, mine),
        take(fewer, theirs),
        Uint8Array.from(shared, (key) => Number(key[0])),
      ),
    );
  });

  it('shows only what differs in what they were asked for', () => {
    const { differences } = compare([ids['plain']!, ids['relative']!, ids['other']!]);
    expect(differences).toEqual([
      { key: 'detector.relative', labels: ['Detector', 'Relative'], values: [false, true, false] },
      { key: 'task.seed', labels: ['Task seed'], values: [0, 0, 1] },
      {
        key: 'detector.layers',
        labels: ['Detector', 'Layers'],
        values: [undefined, ['layers.linear_2.output'], undefined],
      },
    ]);
  });

  it('says plainly where runs do not share their samples', () => {
    const comparison = compare([ids['plain']!, ids['other']!]);
    expect(comparison.pairs).toEqual([
      {
        a: 0,
        b: 1,
        shared: 0,
        reason: 'They do not share samples: their test data differ (clean and anomalous samples).',
        test: null,
        spearman: null,
      },
    ]);
    expect(comparison.samples).toEqual([]);
    expect(() => comparedSamplesCsv(comparison)).toThrow(/not on the same test samples/);
  });

  it('joins those that share their samples where others do not', () => {
    const comparison = compare([ids['other']!, ids['plain']!, ids['relative']!]);
    expect(comparison.pairs.map(({ test }) => test !== null)).toEqual([false, false, true]);
    expect(comparison.samples.map(({ runs }) => runs)).toEqual([[1, 2]]);
    const [{ scores, labels }] = comparison.samples as [ComparedSamples];
    const [plain, relative] = ['plain', 'relative'].map((name) => readScores(at(name)));
    expect(labels).toHaveLength(plain!.labels.length);
    expect([...scores[0]!].sort()).toEqual([...plain!.layers.get('all')!].sort());
    expect([...scores[1]!].sort()).toEqual([...relative!.layers.get('all')!].sort());
    expect(() => comparedSamplesCsv(comparison)).toThrow(/not on the same test samples/);
  });

  it('puts the scores side by side, with gaps where a run has not scored a sample', () => {
    const comparison = compare([ids['plain']!, ids['fewer']!]);
    const [header, ...rows] = comparedSamplesCsv(comparison)
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(header).toEqual(['sample_index', 'anomalous', `mahalanobis ${ids['plain']}`, `mahalanobis ${ids['fewer']}`]);
    const { labels, sampleIndex, layers } = readScores(at('plain'));
    const scored = rows.filter(([, , score]) => score !== '');
    expect(scored).toHaveLength(labels.length);
    const expected = Array.from(
      labels,
      (label, i) => [String(sampleIndex[i]), String(label), layers.get('all')![i]!] as const,
    );
    for (const [i, row] of scored.entries()) expect([row[0], row[1], Number(row[2])]).toEqual([...expected[i]!]);
    expect(rows.some(([, , mine, theirs]) => mine === '' && theirs !== '')).toBe(true);
    expect(rows.length).toBeLessThan(2 * labels.length);
  });

  it('leaves nothing for a spreadsheet to compute in the names of runs', () => {
    const scores = [Float32Array.of(-0.5), Float32Array.of(2)];
    const run = (detector: string) => ({ detector, id: 'a' }) as RunComparison['runs'][number];
    const samples = [{ runs: [0, 1], sampleIndex: Int32Array.of(7), labels: Uint8Array.of(1), scores }];
    const csv = comparedSamplesCsv({ runs: [run('=1+1'), run('@x,y')], differences: [], pairs: [], samples });
    expect(csv).toBe(`sample_index,anomalous,'=1+1 a,"'@x,y a"\n7,1,-0.5,2\n`);
  });

  it('refuses what cannot be compared', () => {
    expect(() => compare([ids['plain']!])).toThrow(/takes two runs or more, got 1/);
    expect(() => compare([ids['plain']!, at('plain')])).toThrow(/named twice/);
    expect(() => compare([ids['plain']!, 'nowhere'])).toThrow(/nowhere/);
    expect(() => compare([ids['plain']!, at('classifier')])).toThrow(/has no evaluation: there is no eval.json/);
  });

  it('is a command: a table for people, JSON for programs, a CSV file', () => {
    const table = run(ids['plain']!, 'relative', '-o', 'both.csv');
    expect(table.stderr).toBe('');
    expect(table.stdout).toMatch(/^A {2}mahalanobis {2}\d\.\d{3} /m);
    expect(table.stdout).toMatch(/^A − B +[+−]?0\.\d{3}/m);
    expect(table.stdout).toMatch(/^detector\.relative +false +true$/m);
    expect(table.stdout).toMatch(/samples in both\.csv\n$/);
    expect(readFileSync(at('both.csv'), 'utf8')).toMatch(/^sample_index,anomalous,mahalanobis /);
    const json = JSON.parse(run('plain', 'other', '--json').stdout) as {
      runs: { id: string }[];
      pairs: { reason: string }[];
    };
    expect(json.runs.map(({ id }) => id)).toEqual([ids['plain'], ids['other']]);
    expect(json.pairs[0]!.reason).toMatch(/do not share samples/);
    expect(run('plain').status).toBe(2);
  });

  it.skipIf(process.platform === 'win32')(
    'as commands, compare and report write through links to standard output',
    () => {
      const csv = run('plain', 'relative', '-o', 'both.csv');
      expect(csv.status).toBe(0);
      symlinkSync('/dev/stdout', at('stdout.csv'));
      const through = run('plain', 'relative', '-o', 'stdout.csv');
      expect([through.stdout, through.status]).toEqual([readFileSync(at('both.csv'), 'utf8'), 0]);
      expect(through.stderr).toMatch(/^A − B +[+−]?0\.\d{3}/m);
      const report = cli('report', 'plain', '-o', 'stdout.csv', '--format', 'json');
      expect(report).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(report.stdout)).toBeTypeOf('object');
      expect(readlinkSync(at('stdout.csv'))).toBe('/dev/stdout');
    },
  );

  it('tells samples of the same index and label apart by their order', () => {
    const [before] = compare([ids['plain']!, ids['relative']!]).pairs;
    // As where test data have several parts, each counted from 0.
    for (const name of ['plain', 'relative']) {
      const scores = readScores(at(name));
      writeScores(at(name), { ...scores, sampleIndex: scores.sampleIndex.map((index) => index % 7) });
    }
    const [after] = compare([ids['plain']!, ids['relative']!]).pairs;
    expect(after!.shared).toBe(before!.shared);
    expect(after!.test).toEqual(before!.test);
  });
});
