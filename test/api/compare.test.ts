import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareRuns } from '../../main/reports/compare-runs.ts';
import { comparedSamplesCsv, type ComparedSamples } from '../../main/reports/compare/compared-samples.ts';
import type { ScoreChoice } from '../../shared/domain/compared.ts';
import { evaluateScores } from '../../main/evaluation/evaluate-scores.ts';
import { aggregateLayers } from '../../main/evaluation/aggregate-layers.ts';
import { holm } from '../../main/evaluation/across/holm.ts';
import { pairedSeedsTest } from '../../main/evaluation/across/paired-seeds.ts';
import { figureOverSeeds } from '../../main/evaluation/across/across-seeds.ts';
import { evaluatedRun } from '../../main/api/reports/run-sources.ts';
import { namedRun } from '../../main/api/runs/named-run.ts';
import { Workbench } from '../../main/api/workbench.ts';
import { delongTest } from '../../main/evaluation/delong.ts';
import { spearman } from '../../main/evaluation/rank-correlation.ts';
import { readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { readHeldOutScores } from '../../main/storage/held-out-scores.ts';
import { readScores, writeScores } from '../../main/storage/run-folder.ts';
import { runOn } from './run-on.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));

/** Also the program's own folder, so that the command line sees the same runs. */
let folder = '';
let workbench: Workbench;
const ids: Record<string, string> = {};

const at = (name: string) => join(folder, name);

const compare = (names: readonly string[], score?: ScoreChoice) =>
  compareRuns(
    names.map((name) => evaluatedRun(workbench.catalogue, namedRun(workbench, name))),
    { score },
  );

/** What a comparison says of DeLong's test of two runs, before it is corrected for others. */
function delong(...of: Parameters<typeof delongTest>) {
  const { difference, lower, upper, p } = delongTest(...of);
  return { difference, lower, upper, p };
}

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
  await fit('relative-other', { relative: true, layers: ['layers.linear_2.output'] }, { seed: 1 });
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
    const { runs, rows, pairs } = compare([ids['plain']!, at('relative'), ids['fewer']!]);
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
      seeds: 1,
      reason: null,
      test: { ...delong(all(plain), all(relative), plain!.labels), corrected: expect.any(Number) as number },
      spearman: spearman(all(plain), all(relative)),
    });
    expect(holm(pairs.map(({ test }) => test!.p!))).toEqual(pairs.map(({ test }) => test!.corrected));
    expect(runs.map(({ metrics }) => metrics!.AUC_ROC)).toEqual(rows.map(({ figures }) => figures!.auroc.value));
    // By hand: which samples of both have the same index and label.
    const places = (scores: typeof plain) =>
      new Map([...scores!.sampleIndex].map((index, i) => [`${scores!.labels[i]} ${index}`, i]));
    const [mine, theirs] = [places(plain), places(fewer)];
    const shared = [...mine.keys()].filter((key) => theirs.has(key));
    expect(shared.length).toBeLessThan(plain!.labels.length);
    const take = (scores: typeof plain, from: Map<string, number>) =>
      Float32Array.from(shared, (key) => all(scores)[from.get(key)!]!);
    expect(pairs[1]!.shared).toBe(shared.length);
    expect(pairs[1]!.test).toMatchObject(
      delong(
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

  it('folds runs that differ in a seed alone into one row, which is compared seed by seed', () => {
    const names = ['plain', 'other', 'relative', 'relative-other'];
    const { rows, pairs, differences } = compare(names.map((name) => ids[name]!));
    expect(rows.map(({ runs }) => runs)).toEqual([[0, 1], [2, 3]]); // prettier-ignore
    expect(rows.map(({ seeds }) => seeds)).toEqual([[0, 1], [0, 1]]); // prettier-ignore
    const scoresOf = (name: string) => readScores(at(name));
    const all = (name: string) => scoresOf(name).layers.get('all')!;
    const seeds = ['plain', 'other'].map((name) => {
      const { labels, sampleIndex } = scoresOf(name);
      return { scores: all(name), labels, groups: sampleIndex };
    });
    const { mean, lower, upper, deviation, values } = figureOverSeeds('auroc', seeds);
    expect(rows[0]!.figures!.auroc).toEqual({ value: mean, lower, upper, one_sided: false, deviation, values });
    const test = pairedSeedsTest([
      { ...seeds[0]!, scores: [all('plain'), all('relative')] },
      { ...seeds[1]!, scores: [all('other'), all('relative-other')] },
    ]);
    expect(pairs).toMatchObject([{ a: 0, b: 1, seeds: 2, test: { ...test, corrected: test.p } }]);
    expect(differences.map(({ key }) => key)).toContain('task.seed');
  });

  it('compares one layer, or all combined alike, and says where a run has no such score', () => {
    const layer = compare([ids['plain']!, ids['relative']!], 'layer:layers.linear_0.output');
    expect(layer.rows.map(({ figures, reason }) => [figures !== null, reason])).toEqual([
      [true, null],
      [false, 'Does not look at this layer'],
    ]);
    expect(layer.pairs[0]!.reason).toBe('One of them has no such score: does not look at this layer.');
    const most = compare([ids['plain']!, ids['relative']!], 'max');
    const { layers, labels } = readScores(at('plain'));
    const single = [...layers].filter(([name]) => name !== 'all');
    const combined = Float32Array.from(aggregateLayers(Object.fromEntries(single), 'max'));
    expect(most.runs[0]!.metrics).toEqual(evaluateScores(combined, labels));
    const nested = compare([ids['plain']!, ids['other']!, ids['relative']!], 'nested');
    const figuresAt = (name: string) => readEvaluation(at(name)).layers;
    const best = (name: string) =>
      single.map(([own]) => own).reduce((a, b) => (figuresAt(name)[b]!.AUC_ROC > figuresAt(name)[a]!.AUC_ROC ? b : a));
    expect(nested.rows[0]!.picked).toEqual([best('other'), best('plain')]);
    expect(nested.rows[1]!.reason).toBe('Has no other seed to pick a layer on');
  });

  it('calibrates thresholds on what the training data leave over, which changes no score', async () => {
    await fit('capped', {}, { max_train_size: 150 });
    await fit('uncalibrated', {}, { max_train_size: 150 }, { held_out: 0 });
    const { thresholds } = readEvaluation(at('capped')).about;
    expect(thresholds!.map(({ wanted, held_out: heldOut }) => [wanted, heldOut])).toEqual([[0.01, 250], [0.05, 250]]); // prettier-ignore
    expect(readHeldOutScores(at('capped'))).toHaveLength(250);
    expect(readEvaluation(at('uncalibrated')).about.thresholds).toBeUndefined();
    expect(readHeldOutScores(at('uncalibrated'))).toBeNull();
    expect(readScores(at('capped')).layers).toEqual(readScores(at('uncalibrated')).layers);
    const { threshold, FPR, TPR } = thresholds![1]!;
    const { layers, labels } = readScores(at('capped'));
    const flagged = [...layers.get('all')!].map((score) => score > threshold!);
    const rate = (kind: number) =>
      flagged.filter((is, i) => is && labels[i] === kind).length / labels.filter((label) => label === kind).length;
    expect([FPR, TPR]).toEqual([rate(0), rate(1)]);
    // On the same model the detector keeps them, whatever it is tested on.
    await runOn(
      workbench,
      'eval-detector',
      { detector: { name: 'from_run', path: at('capped') }, task: { name: 'backdoor', run_path: at('classifier'), backdoor: 'corner' }, analysis: false },
      { folder: at('again') },
    ); // prettier-ignore
    expect(readEvaluation(at('again')).about.thresholds![1]).toMatchObject({ threshold, held_out: 250 });
  });

  it('says plainly where runs do not share their samples', () => {
    const comparison = compare([ids['plain']!, ids['relative-other']!]);
    expect(comparison.rows.map(({ group }) => group)).toEqual([0, 1]);
    expect(comparison.pairs).toEqual([
      {
        a: 0,
        b: 1,
        shared: 0,
        seeds: 0,
        reason: 'They do not share samples: their test data differ (clean and anomalous samples).',
        test: null,
        spearman: null,
      },
    ]);
    expect(comparison.samples).toEqual([]);
    expect(() => comparedSamplesCsv(comparison)).toThrow(/not on the same test samples/);
  });

  it('joins those that share their samples where others do not', () => {
    const comparison = compare([ids['relative-other']!, ids['plain']!, ids['relative']!]);
    // Both that are relative differ in a seed alone and are one row: with one seed in common the other row is paired.
    expect(comparison.rows.map(({ runs }) => runs)).toEqual([[2, 0], [1]]);
    expect(comparison.pairs.map(({ seeds }) => seeds)).toEqual([1]);
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
    const run = (detector: string) => ({ detector, id: 'a' });
    const samples = [{ runs: [0, 1], sampleIndex: Int32Array.of(7), labels: Uint8Array.of(1), scores }];
    const csv = comparedSamplesCsv({ runs: [run('=1+1'), run('@x,y')], samples });
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
    expect(table.stdout).toMatch(/^A {2}mahalanobis {2}trusted only {2}\d\.\d{3} /m);
    expect(table.stdout).toMatch(/^A − B +[+−]?0\.\d{3}/m);
    expect(table.stdout).toMatch(/^detector\.relative +false +true$/m);
    expect(table.stdout).toMatch(/samples in both\.csv\n$/);
    expect(readFileSync(at('both.csv'), 'utf8')).toMatch(/^sample_index,anomalous,mahalanobis /);
    expect(table.stdout).toContain('p (Holm)');
    const json = JSON.parse(run('plain', 'relative-other', '--json').stdout) as {
      runs: { id: string }[];
      pairs: { a: string[]; reason: string }[];
    };
    expect(json.runs.map(({ id }) => id)).toEqual([ids['plain'], ids['relative-other']]);
    expect(json.pairs[0]!.a).toEqual([ids['plain']]);
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
