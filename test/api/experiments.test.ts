import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { readExperiment, writeExperiment } from '../../main/storage/experiment-folder.ts';
import type { MatrixCell } from '../../shared/domain/result-matrix.ts';
import { smallTraining, startApplication, type StartedApplication } from './running-application.ts';

const timeout = 180_000;
let program: StartedApplication;

beforeAll(() => {
  program = startApplication();
  program.application.settings.change({ engine: 'wasm' });
});
afterAll(() => program.stop());

const draft = (more: Partial<ExperimentDraft> = {}): ExperimentDraft => ({
  preset: '',
  classifier: { source: 'train', params: smallTraining },
  task: { name: 'backdoor', max_train_size: 100, max_test_size: 60, seed: 5 },
  detectors: [{ name: 'mahalanobis' }, { name: 'max-softmax' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: ['paper'],
  ...more,
});

/** Follows the list until an experiment is as it is waited for. */
async function until(id: string, isSo: (summary: ExperimentSummary) => boolean): Promise<ExperimentSummary> {
  const stop = new AbortController();
  for await (const { experiments } of await program.client.experiments.watch({}, { signal: stop.signal })) {
    const found = experiments.find((each) => each.id === id);
    if (!found || !isSo(found)) continue;
    stop.abort();
    return found;
  }
  throw new Error('The list has ended.');
}

describe.sequential('experiments of the window', () => {
  let id: string;

  it('leave one detector with one seed to be runs of their own', { timeout }, async () => {
    const begun = await program.client.drafts.start({ draft: draft({ detectors: [{ name: 'energy' }] }) });
    expect(begun).toMatchObject({ ids: [expect.any(String), expect.any(String)], experiment: null });
    await Promise.all(begun.ids.map((run) => program.application.queued.ended(run)));
    expect(await program.client.experiments.watch({}).then((all) => all.next())).toMatchObject({
      value: { experiments: [] },
    });
  });

  it('begin with a draft of several, and are computed to the end', { timeout }, async () => {
    const begun = await program.client.drafts.start({ draft: draft({ seeds: 2, name: 'Mine' }) });
    expect(begun.ids).toEqual([]);
    id = begun.experiment!;
    const ended = await until(id, ({ state, counts }) => state === 'idle' && counts.done > 0);
    expect(ended).toMatchObject({
      name: 'Mine',
      tags: ['paper'],
      tasks: 1,
      detectors: 2,
      seeds: 2,
      counts: { total: 6, done: 6, running: 0, failed: 0 },
    });
    for (const run of program.application.workbench.catalogue.list({ search: 'mine' }))
      expect(run.tags).toEqual(['paper']);
  });

  it('show means over seeds with intervals, classifiers and what is left', { timeout }, async () => {
    const view = await program.client.experiments.view({ id, metric: 'auroc' });
    const { matrix, strip, rows, queue, baseline } = view;
    expect(matrix.detectors.map(({ label }) => label)).toEqual(['mahalanobis', 'max-softmax']);
    expect(matrix.tasks.map(({ label }) => label)).toEqual(['Corner pixel']);
    expect(strip[0]!.seeds.map(({ state, seed }) => [state, seed])).toEqual([
      ['done', 0],
      ['done', 1],
    ]);
    for (const [row, [cell]] of matrix.cells.entries()) {
      const values = cell!.seeds.map(({ value }) => value!);
      expect(cell!.state).toBe('done');
      expect(cell!.mean).toBeCloseTo((values[0]! + values[1]!) / 2, 12);
      expect(cell!.lower!).toBeLessThanOrEqual(cell!.mean!);
      expect(cell!.upper!).toBeGreaterThanOrEqual(cell!.mean!);
      // What a cell says of a run is what the run says of itself.
      for (const { run, value } of cell!.seeds)
        expect(program.application.workbench.catalogue.get(run!).metrics['auroc']).toBeCloseTo(value!, 12);
      if (matrix.tasks[0]!.notCounted === null) expect(rows[row]!.mean).toBe(cell!.mean);
    }
    expect([queue, view.waiting, baseline]).toEqual([[], 0, 0]);
    const tpr = await program.client.experiments.view({ id, metric: 'tpr_at_5' });
    expect(tpr.matrix.metric).toBe('tpr_at_5');
  });

  it('show another aggregate over layers, or one layer, which is called what it is', { timeout }, async () => {
    const view = (options: object) => program.client.experiments.view({ id, metric: 'auroc', ...options });
    const own = await view({});
    expect(own.matrix).toMatchObject({ aggregation: 'mean over layers', layer: null });
    expect(own.layers.own).toBe('mean');
    const { single } = own.layers;
    expect(single.length).toBeGreaterThan(1);
    const figuresOf = ({ matrix }: typeof own) => matrix.cells[0]![0]!.seeds.map(({ value }) => value);
    expect(figuresOf(await view({ aggregation: 'mean' }))).toEqual(figuresOf(own));
    const most = await view({ aggregation: 'max' });
    expect(most.matrix.aggregation).toBe('maximum over layers');
    expect(figuresOf(most)).not.toEqual(figuresOf(own));

    const [{ id: layer, name }] = single as [(typeof single)[number]];
    const alone = await view({ layer: name });
    expect(alone.matrix).toMatchObject({ layer, aggregation: `${name} alone, picked after seeing the labels` });
    const { folder } = program.application.workbench.catalogue.get(alone.matrix.cells[0]![0]!.seeds[0]!.run!);
    expect(figuresOf(alone)[0]).toBeCloseTo(readEvaluation(folder).layers[layer]!.AUC_ROC, 6);
    // A detector that looks at the output alone has no other layer: its cell says so, and counts nowhere.
    expect(alone.matrix.cells[1]![0]!.mean).toBeNull();
    expect(alone.matrix.cells[1]![0]!.reason).toContain(layer);
    const table = await program.client.experiments.table({ id, layer, format: 'markdown' });
    expect(await table.text()).toContain('alone, picked after seeing the labels');
    await expect(view({ layer: 'linear_99' })).rejects.toThrow('linear_99');

    const { layers, cells } = await program.client.experiments.byLayer({ id });
    expect(layers).toEqual(single);
    expect(cells[0]![0]![0]!.mean).toBe(alone.matrix.cells[0]![0]!.mean);
    expect(cells[1]![0]!.filter((figure) => figure !== null).length).toBeLessThan(layers.length);
  });

  it('keep name, question, notes and tags that are changed, in the file too', { timeout }, async () => {
    const { client, application } = program;
    const { folder, name } = application.experiments.summary(id);
    await client.experiments.change({ id, question: 'Why?', notes: '**Bold**', tags: ['paper', 'b'] });
    const { summary, notes } = await client.experiments.view({ id });
    expect([summary.question, summary.tags, notes]).toEqual(['Why?', ['paper', 'b'], '**Bold**']);
    expect(readExperiment(folder).spec).toMatchObject({ name, question: 'Why?', notes: '**Bold**' });
    await client.experiments.change({ id, name: 'Renamed' });
    expect(application.experiments.summary(id)).toMatchObject({ name: 'Renamed', question: 'Why?', folder });
    expect(application.experiments.summary(id).counts.done).toBe(6);
    await client.experiments.change({ id, name });
    await expect(client.experiments.change({ id, tags: ['x'.repeat(61)] })).rejects.toThrow();
  });

  it('notice that their file was written by another process', { timeout }, async () => {
    const { folder } = program.application.experiments.summary(id);
    const file = readExperiment(folder);
    writeExperiment(folder, { ...file, spec: { ...file.spec, notes: 'From elsewhere' } });
    expect((await program.client.experiments.view({ id })).notes).toBe('From elsewhere');
    writeExperiment(folder, file);
  });

  it('compute a single cell again in its place', { timeout }, async () => {
    const { client, application } = program;
    const view = () => client.experiments.view({ id });
    const lost = (await view()).matrix.cells.map(([cell]) => cell!.seeds[0]!.run!);
    for (const run of lost) rmSync(application.workbench.catalogue.get(run).folder, { recursive: true });
    await client.experiments.start({ id, cells: [{ detector: 'mahalanobis', task: 'Corner pixel' }] });
    await until(id, ({ state }) => state === 'idle');
    const [[repeated], [other]] = (await view()).matrix.cells as [[MatrixCell], [MatrixCell]];
    expect(repeated.state).toBe('done');
    expect(repeated.seeds[0]!.run).not.toBe(lost[0]);
    expect(existsSync(application.workbench.catalogue.get(repeated.seeds[0]!.run!).folder)).toBe(true);
    expect(other.seeds[0]!.run).toBe(lost[1]);
    await expect(client.experiments.start({ id, cells: [{ detector: 'knn', task: 'Corner pixel' }] })).rejects.toThrow(
      'Unknown detector "knn"',
    );
    await client.experiments.start({ id });
    await until(id, ({ state }) => state === 'idle');
  });

  it('have names of their own, and take over what is there already', { timeout }, async () => {
    const again = await program.client.drafts.start({ draft: draft({ seeds: 2, name: 'Other' }) });
    const { counts } = await until(again.experiment!, ({ state, counts: { done } }) => state === 'idle' && done > 0);
    expect(counts).toMatchObject({ total: 6, done: 6 });
    const unnamed = await program.client.drafts.start({ draft: draft() });
    await until(unnamed.experiment!, ({ state }) => state === 'idle');
    const { name } = program.application.experiments.summary(unnamed.experiment!);
    expect(name).toContain('mahalanobis, max-softmax');
    // All runs of all three: one classifier and two detectors a seed, and those of the first test.
    expect(program.application.workbench.catalogue.list()).toHaveLength(8);
  });

  it(
    'are planned before they are begun: what is there, what is new, and what cannot be done',
    { timeout },
    async () => {
      const asked = draft({ seeds: 2, detectors: [{ name: 'mahalanobis' }, { name: 'spectral' }, { name: 'energy' }] });
      // A detector that suits none of the tasks is a fault; one that suits some of them leaves cells empty.
      await expect(program.client.drafts.plan({ draft: asked })).rejects.toThrow('needs untrusted data');
      const data = smallTraining.train_data;
      const other = { data, task: { ...asked.task, trusted_fraction: 0.5 } };
      const plan = await program.client.drafts.plan({ draft: { ...asked, otherTasks: [other] } });
      expect(plan.columns.map(({ label }) => label)).toEqual(['Corner pixel', 'Corner pixel 0.5']);
      expect(plan.cells.map((row) => row.map(({ reused }) => reused))).toEqual([
      [[true, true], [false, false]],
      [[false, false], [false, false]],
      [[false, false], [false, false]],
    ]); // prettier-ignore
      expect(plan.cells[1]!.map(({ impossible }) => impossible !== null)).toEqual([true, false]);
      expect(plan.classifiers).toEqual({
        total: 2,
        reused: 2,
        from: [expect.objectContaining({ name: expect.any(String) as string })],
      });
      expect(plan.toCompute).toEqual({ mahalanobis: 2, spectral: 2, energy: 4 });
      expect([plan.addsTo, plan.freeBytes! > 0]).toEqual([null, true]);
      const times = await program.client.drafts.runTimes({});
      expect(times['mahalanobis']).toMatchObject({ runs: 2 });
      expect(times['mahalanobis']!.lowMs).toBeLessThanOrEqual(times['mahalanobis']!.highMs);
    },
  );

  it('are added to by the wizard, which computes what is new alone', { timeout }, async () => {
    const left = await program.client.drafts.fromExperiment({ id });
    expect(left).toMatchObject({ extends: id, name: 'Mine', seeds: 2, detectors: [{ name: 'mahalanobis' }, { name: 'max-softmax' }] }); // prettier-ignore
    const more = { ...left, detectors: [...left.detectors, { name: 'energy' }] };
    expect(await program.client.drafts.plan({ draft: more })).toMatchObject({ addsTo: id, toCompute: { energy: 2 } });
    const before = program.application.workbench.catalogue.list().length;
    expect(await program.client.drafts.start({ draft: more })).toEqual({ ids: [], experiment: id });
    await until(id, ({ state, counts }) => state === 'idle' && counts.done === 8);
    expect(program.application.workbench.catalogue.list()).toHaveLength(before + 2);
    // One that leaves something out is another experiment, whatever it is called.
    const less = { ...left, detectors: [{ name: 'energy' }] };
    const begun = await program.client.drafts.start({ draft: less });
    expect(begun.experiment).not.toBe(id);
    await until(begun.experiment!, ({ state }) => state === 'idle');
    expect(program.application.experiments.summary(begun.experiment!).name).toBe('Mine 2');
  });

  it('evaluate detectors of finished runs on another trigger without fitting them again', { timeout }, async () => {
    const { catalogue } = program.application.workbench;
    const [fitted] = catalogue.list().filter(({ kind, title }) => kind === 'detector' && title.includes('energy'));
    const classifier = { source: 'run' as const, run: fitted!.parents[0]! };
    const task = { name: 'backdoor', backdoor: { name: 'noise', std: 0.3 }, max_train_size: 100, max_test_size: 60 };
    const other = draft({ classifier, task, detectors: [], fitted: [{ run: fitted!.id }], name: 'Other trigger' });
    const { faults, summaries } = await program.client.drafts.check({ draft: other });
    expect([faults, summaries.detectors]).toEqual([[], '1 fitted before']);
    const plan = await program.client.drafts.plan({ draft: other });
    expect([plan.toCompute, plan.rows.map(({ detector }) => detector)]).toEqual([{ evaluation: 1 }, ['energy']]);
    const { experiment } = await program.client.drafts.start({ draft: other });
    await until(experiment!, ({ state, counts }) => state === 'idle' && counts.done === 1);
    const { matrix } = await program.client.experiments.view({ id: experiment! });
    const cell = matrix.cells[0]![0]!;
    const run = catalogue.get(cell.seeds[0]!.run!);
    expect([run.kind, run.parents]).toEqual(['evaluation', [fitted!.id, classifier.run]]);
    expect(cell.mean).toBeCloseTo(run.metrics['auroc']!, 12);
    expect(await program.client.drafts.runTimes({})).toMatchObject({ evaluation: { runs: 1 } });
    expect(await program.client.drafts.fromExperiment({ id: experiment! })).toMatchObject({
      detectors: [],
      fitted: [{ run: fitted!.id }],
    });
    // A training is no fitted detector, and nothing is there under another id.
    for (const wrong of [classifier.run, 'gone']) {
      const { faults: found } = await program.client.drafts.check({ draft: { ...other, fitted: [{ run: wrong }] } });
      expect(found).toMatchObject([{ path: ['fitted', '0', 'run'], step: 'detectors', label: 'Fitted detector' }]);
    }
  });

  it('stop when they are told to, and go on', { timeout }, async () => {
    const long = draft({
      name: 'Long',
      classifier: { source: 'train', params: { ...smallTraining, num_epochs: 3000 } },
    });
    const { experiment } = await program.client.drafts.start({ draft: long });
    await until(experiment!, ({ counts }) => counts.running === 1);
    await expect(program.client.experiments.start({ id: experiment! })).rejects.toThrow('goes on already');
    await expect(program.client.experiments.forget({ id: experiment! })).rejects.toThrow('stop it first');
    await program.client.experiments.stop({ id: experiment! });
    const stopped = await until(experiment!, ({ state }) => state === 'idle');
    expect(stopped.counts).toMatchObject({ running: 0, done: 0 });
    await program.client.experiments.start({ id: experiment! });
    await until(experiment!, ({ counts }) => counts.running === 1);
    await program.client.experiments.stop({ id: experiment! });
    await expect(program.client.experiments.stop({ id: experiment! })).rejects.toThrow('does not go on here');
    await program.client.experiments.forget({ id: experiment! });
    expect(program.application.experiments.summaries().map(({ name }) => name)).not.toContain('Long');
  });

  it('say how many of their cells wait for a run that is to be deleted', { timeout }, async () => {
    const detectors = Array.from({ length: 8 }, (_, i) => ({ name: 'knn', k: i + 1 }));
    const { experiment } = await program.client.drafts.start({ draft: draft({ detectors, name: 'Many' }) });
    await until(experiment!, ({ counts }) => counts.running === 1);
    const { catalogue } = program.application.workbench;
    const used = new Set(catalogue.experiments.runsOf(experiment!).values());
    const [classifier] = catalogue.idsOf('classifier').filter((run) => used.has(run));
    const check = (run: string) => () => program.application.experiments.checkNotAwaited([run]);
    expect(check(classifier!)).toThrow(/^\d cells of an experiment that goes on wait for this run, and would fail\.$/);
    expect(check(catalogue.idsOf('detector')[0]!)).not.toThrow();
    await expect(program.client.runs.remove({ ids: [classifier!] })).rejects.toThrow(/needs the run|wait for this run/);
    await until(experiment!, ({ state }) => state === 'idle');
    expect(check(classifier!)).not.toThrow();
  });

  it('are known by id or name, never by a place', { timeout }, async () => {
    const { folder } = program.application.experiments.summary(id);
    await expect(program.client.experiments.view({ id: folder, metric: 'auroc' })).rejects.toThrow(
      'There is no experiment',
    );
    await expect(program.client.experiments.start({ id: 'nothing' })).rejects.toThrow('There is no experiment');
    await expect(program.client.experiments.startSuite({ suite: 'quack' })).rejects.toThrow('Did you mean "quick"?');
  });

  it('refuse a draft with faults as before', { timeout }, async () => {
    const faulty = draft({ detectors: [{ name: 'knn', k: 0 }, { name: 'lof' }] });
    await expect(program.client.drafts.start({ draft: faulty })).rejects.toThrow('Must be a whole number of 1 to');
  });
});
