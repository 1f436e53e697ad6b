import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import { tasksOf, withClassifiers, withTasks } from '../../shared/draft-parts.ts';
import { tinyDraft } from '../e2e/drafts.ts';
import { writeRecordedSet, writeRecordedSets } from '../recorded-files.ts';
import { reportFile } from './report-file.ts';
import { ended, startApplication, type StartedApplication } from './running-application.ts';

let started: StartedApplication;
let sets: { trusted: string; test: string };
beforeAll(() => {
  started = startApplication();
  sets = writeRecordedSets(join(started.place, 'sets'));
});
afterAll(() => started.stop());

const drafts = () => started.client.drafts;
const draft = (more: Partial<ExperimentDraft> = {}, task: object = {}): ExperimentDraft => ({
  ...tinyDraft(),
  // Nothing of it may matter.
  classifier: { source: 'run', run: '' },
  task: { name: 'activations', ...sets, ...task },
  ...more,
});
const faultsOf = async (of: ExperimentDraft) =>
  (await drafts().check({ draft: of })).faults.map(({ path, message, step }) => [path.join('/'), message, step]);

describe('a draft of recorded activations', () => {
  it('asks for no classifier, and says what its files hold', async () => {
    const { faults, summaries, unsuited } = await drafts().check({ draft: draft() });
    expect(faults).toEqual([]);
    expect(summaries).toEqual({
      task: 'texts-trusted against texts-test',
      model: 'None needed',
      detectors: 'mahalanobis',
      evaluation: '60 test samples',
      review: '1 run',
    });
    expect(unsuited['knn']).toBeUndefined();
    expect(unsuited['spectral']?.message).toContain('untrusted data');
    const { layers } = await drafts().network({ draft: draft() });
    expect(layers).toEqual(
      ['layers.0', 'layers.1'].map((activation) => ({ activation, kind: 'recorded', shape: [6], parameters: 0, isDefault: true })), // prettier-ignore
    );
    const { samples } = await drafts().preview({ draft: draft(), draw: 0, count: 3 });
    expect(samples).toMatchObject({ kind: 'texts', clean: Array.from({ length: 3 }, () => expect.stringMatching(/hinge|lighthouse/) as string) }); // prettier-ignore
  });

  it('names the parameter that is at fault', async () => {
    mkdirSync(join(started.place, 'empty'), { recursive: true });
    expect(await faultsOf(draft({}, { test: join(started.place, 'empty') }))).toEqual([
      ['task/test', expect.stringContaining('empty'), 'task'],
    ]);
    expect(await faultsOf(draft({}, { test_labels: 'kind' }))).toEqual([
      ['task/test_labels', expect.stringContaining('"kind"'), 'task'],
    ]);
    expect(await faultsOf(draft({}, { test: sets.trusted }))).toEqual([
      ['task/test_labels', expect.stringContaining('both normal (0) and anomalous (1)'), 'task'],
    ]);
    const { test: _, ...half } = draft().task;
    expect(await faultsOf(draft({ task: half }))).toEqual([['task/test', expect.any(String), 'task']]);
    expect(await faultsOf(draft({ layers: ['layers.7'] }))).toEqual([
      ['layers', expect.stringContaining('Unknown layer "layers.7"'), 'detectors'],
    ]);
  });

  it('looks at files again that have changed', async () => {
    const labels = join(started.place, 'labels.csv');
    const lines = (anomalous: number) =>
      ['label', ...Array.from({ length: 60 }, (_, i) => (i < anomalous ? 1 : 0))].join('\n');
    const task = { test_labels: labels };
    writeFileSync(labels, lines(0));
    expect(await faultsOf(draft({}, task))).toEqual([
      ['task/test_labels', expect.stringContaining('60 of label 0 and 0 of label 1'), 'task'],
    ]);
    writeFileSync(labels, `${lines(30)}\n`);
    expect(await faultsOf(draft({}, task))).toEqual([]);
  });

  it('refuses sets that were made differently, unless they are to be used as they are', async () => {
    const test = writeRecordedSet(join(started.place, 'sets', 'other'), {
      n: 40,
      seed: 3,
      anomalous: 10,
      contract: { prompt_template: 'Review: {text}\n\nSentiment:' },
    });
    expect(await faultsOf(draft({}, { test }))).toEqual([
      ['task/contracts', expect.stringContaining('prompt_template'), 'task'],
    ]);
    expect(await faultsOf(draft({}, { test, contracts: 'allow' }))).toEqual([]);
  });

  it('becomes a run, whose page and report have no classifier', { timeout: 60_000 }, async () => {
    const { runs } = await drafts().review({ draft: draft() });
    expect(runs.map(({ kind, command }) => [kind, command])).toEqual([
      ['detector', expect.stringContaining('--task activations')],
    ]);
    expect(runs[0]!.files.find(({ name }) => name === 'scores/*.npy')?.what).toBe('60 × 3');
    const estimate = await drafts().estimate({ draft: draft() });
    expect(estimate.totalMs).toBeGreaterThan(0);
    const { ids } = await drafts().start({ draft: draft() });
    expect(ids).toHaveLength(1);
    expect(await ended(started, ids[0]!)).toBe('done');
    const detail = await started.client.runs.get({ id: ids[0]! });
    expect(detail.record.parents).toEqual([]);
    const result = await started.client.runs.result({ id: ids[0]! });
    expect(result).not.toBeNull();
    const report = await (await reportFile(started.client, { runs: ids, format: 'markdown' })).text();
    expect(report).toContain('activations: texts-trusted against texts-test');
    expect(report).not.toMatch(/undefined|classifier/i);
    const again = await drafts().fromRun({ id: ids[0]! });
    expect(await faultsOf(again)).toEqual([]);
    expect((await drafts().review({ draft: again })).runs[0]!.spec).toEqual(runs[0]!.spec);
  });

  it('becomes an experiment with others that train classifiers', { timeout: 240_000 }, async () => {
    const mixed = withTasks(
      { ...tinyDraft({ epochs: 1 }), detectors: [{ name: 'mahalanobis' }, { name: 'functional-attribution' }] },
      [{ data: tasksOf(tinyDraft())[0]!.data, task: { name: 'backdoor' } }, { task: draft().task }], // prettier-ignore
      1,
    );
    expect(await faultsOf(mixed)).toEqual([]);
    const plan = await drafts().plan({ draft: mixed });
    expect(plan.columns.map(({ label }) => label)).toEqual(['Corner pixel', 'Recorded activations']);
    expect(plan.cells.map((row) => row.map(({ impossible }) => impossible !== null))).toEqual([
      [false, false],
      [false, true],
    ]);
    expect(plan.classifiers.total).toBe(1);
    // What is wrong with the classifier is said while the task without one is open.
    const broken = withClassifiers(mixed, [{ source: 'run', run: '' }], 0);
    expect(await faultsOf(broken)).toEqual([['classifier/run', 'Choose a trained classifier.', 'model']]);
    const seeds = draft({ detectors: [{ name: 'mahalanobis' }, { name: 'knn' }], seeds: 2 });
    const { experiment } = await drafts().start({ draft: seeds });
    expect(experiment).not.toBeNull();
    await expect.poll(async () => (await started.client.experiments.view({ id: experiment! })).summary.state, { timeout: 120_000, interval: 500 }).toBe('idle'); // prettier-ignore
    const { summary } = await started.client.experiments.view({ id: experiment! });
    expect([summary.counts.done, summary.counts.total]).toEqual([4, 4]);
    const added = await drafts().fromExperiment({ id: experiment! });
    expect(await faultsOf(added)).toEqual([]);
  });
});
