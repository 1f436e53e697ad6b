import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExperimentDraft } from '../../shared/domain/draft.ts';
import type { ExperimentSummary } from '../../shared/domain/experiment-view.ts';
import { canMount, fillDisk, smallDisk, withoutMount } from '../storage/hostile-disks.ts';
import {
  ended,
  smallDetector,
  smallTraining,
  startApplication,
  type StartedApplication,
} from './running-application.ts';
import { enqueueOn } from './run-on.ts';

const timeout = 180_000;
let program: StartedApplication;

beforeEach(() => {
  program = startApplication();
  program.application.settings.change({ engine: 'wasm', parallelJobs: 1 });
});
afterEach(() => program.stop());

const endless = { ...smallTraining, num_epochs: 100_000 };

const draft = (more: Partial<ExperimentDraft> = {}): ExperimentDraft => ({
  preset: '',
  classifier: { source: 'train', params: smallTraining },
  task: { name: 'backdoor', max_train_size: 100, max_test_size: 60 },
  detectors: [{ name: 'mahalanobis' }, { name: 'max-softmax' }],
  evaluation: { analysis: false },
  engine: 'auto',
  tags: [],
  seeds: 2,
  name: 'Queue',
  ...more,
});

async function begin(more: Partial<ExperimentDraft> = {}): Promise<string> {
  const { experiment } = await program.client.drafts.start({ draft: draft(more) });
  if (experiment === null) throw new Error('Expected an experiment.');
  return experiment;
}

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

const queueOf = async (id: string) => (await program.client.experiments.view({ id, metric: 'auroc' })).queue;
const isOver = ({ state }: ExperimentSummary) => state === 'idle';
/** Titles of the runs of an experiment in the order in which they began. */
const begun = () => {
  const runs = program.application.workbench.catalogue.list().filter(({ started_at: at }) => at !== null);
  return runs
    .sort((a, b) => a.started_at!.localeCompare(b.started_at!))
    .map(({ folder }) =>
      folder
        .split('/')
        .at(-1)
        .replace(/-[0-9a-f]{16}$/, ''),
    );
};
/** The run of the experiment that is being computed. */
const running = () => program.application.workbench.catalogue.list().find(({ status }) => status === 'running')!;

describe('the queue of an experiment', () => {
  it('is paused by hand, finishes what is being computed, and goes on', { timeout }, async () => {
    const id = await begin();
    await until(id, ({ counts }) => counts.running === 1);
    await program.client.experiments.pause({ id });
    const paused = await until(id, ({ counts, state }) => state === 'paused' && counts.running === 0);
    expect(paused).toMatchObject({
      counts: { done: 1, total: 6 },
      note: expect.stringContaining('nothing else begins') as string,
    });
    // Longer than the runner waits before it looks around.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(begun()).toHaveLength(1);
    await program.client.experiments.resume({ id });
    expect((await until(id, isOver)).counts).toMatchObject({ done: 6 });
    await expect(program.client.experiments.pause({ id })).rejects.toThrow('does not go on here');
    await expect(program.client.experiments.first({ id, keys: ['x'] })).rejects.toThrow('does not go on here');
  });

  it('does next what a person wants next, with the classifier that it builds on', { timeout }, async () => {
    const id = await begin({ seeds: 3 });
    await until(id, ({ counts }) => counts.running === 1);
    await program.client.experiments.pause({ id });
    const wanted = (await queueOf(id)).find(({ label }) => label === 'max-softmax on Corner pixel, seed 2')!;
    expect(wanted).toMatchObject({ state: 'waiting', run: null, stuck: null });
    await program.client.experiments.first({ id, keys: [wanted.key] });
    const [, next] = await queueOf(id);
    expect(next!.label).toBe('Classifier, Corner pixel, seed 2');
    await program.client.experiments.resume({ id });
    await until(id, isOver);
    expect(
      begun()
        .slice(0, 3)
        .map((name) => name.replace(/^corner-pixel-/, '')),
    ).toEqual(['seed-0', 'seed-2', 'max-softmax-seed-2']);
  });
});

describe('a classifier that others wait for', () => {
  it(
    'says how many when it is to be cancelled, and brings its cells back when it is resumed',
    { timeout },
    async () => {
      const id = await begin({
        seeds: 1,
        classifier: { source: 'train', params: { ...smallTraining, num_epochs: 300 } },
      });
      await until(id, ({ counts }) => counts.running === 1);
      const classifier = running().id;
      expect(await program.client.runs.waitingFor({ ids: [classifier] })).toEqual({ count: 2 });
      await program.client.runs.cancel({ ids: [classifier] });
      expect((await until(id, isOver)).counts).toMatchObject({ done: 0, running: 0 });
      expect(await program.client.runs.waitingFor({ ids: [classifier] })).toEqual({ count: 0 });

      const { folder } = program.application.workbench.catalogue.get(classifier);
      await program.client.runs.resume({ id: classifier });
      const ended = await until(id, (summary) => isOver(summary) && summary.counts.done > 0);
      expect(ended.counts).toMatchObject({ total: 3, done: 3, failed: 0 });
      expect(program.application.workbench.catalogue.get(classifier)).toMatchObject({ status: 'done', folder });
      // It was trained once, here.
      expect(begun().filter((name) => !name.includes('max-softmax') && !name.includes('mahalanobis'))).toHaveLength(1);
    },
  );

  it('does so while its experiment goes on with other cells', { timeout }, async () => {
    program.application.settings.change({ parallelJobs: 2 });
    const id = await begin({ classifier: { source: 'train', params: endless } });
    await until(id, ({ counts }) => counts.running === 2);
    const [one, other] = program.application.workbench.catalogue.list({}).map((run) => run.id);
    await program.client.runs.cancel({ ids: [one!] });
    await until(id, ({ counts }) => counts.running === 1);
    await program.client.runs.resume({ id: one! });
    await until(id, ({ counts }) => counts.running === 2);
    expect(await program.client.runs.waitingFor({ ids: [one!, other!] })).toEqual({ count: 4 });
    await program.client.experiments.stop({ id });
  });

  it('does so for runs that belong to no experiment', { timeout }, async () => {
    const { queued, workbench } = program.application;
    const [classifier] = enqueueOn(queued, [
      { experiment: 'train-classifier', params: { ...smallTraining, num_epochs: 300 } },
    ]);
    const waiting = enqueueOn(
      queued,
      ['mahalanobis', 'max-softmax'].map((name) => ({
        experiment: 'train-detector',
        params: { ...smallDetector(classifier!.folder), detector: { name } },
      })),
    );
    const [apart] = enqueueOn(queued, [{ experiment: 'train-detector', params: smallDetector(classifier!.folder) }]);
    await program.client.runs.cancel({ ids: [apart!.id] });
    expect(await program.client.runs.waitingFor({ ids: [classifier!.id] })).toEqual({ count: 2 });
    expect(await program.client.runs.waitingFor({ ids: [classifier!.id, waiting[0]!.id] })).toEqual({ count: 1 });
    await expect
      .poll(() => queued.live.find(({ id }) => id === classifier!.id)?.phase, { timeout: 30_000 })
      .toBe('Training');
    await program.client.runs.cancel({ ids: [classifier!.id] });
    expect(await ended(program, classifier!.id)).toBe('cancelled');
    expect(waiting.map(({ id }) => workbench.catalogue.get(id).status)).toEqual(['cancelled', 'cancelled']);

    await program.client.runs.resume({ id: classifier!.id });
    expect(waiting.map(({ id }) => workbench.catalogue.get(id).status)).toEqual(['queued', 'queued']);
    expect(await Promise.all([classifier!, ...waiting].map(({ id }) => ended(program, id)))).toEqual([
      'done',
      'done',
      'done',
    ]);
    // What a person cancelled by itself stays so.
    expect(workbench.catalogue.get(apart!.id).status).toBe('cancelled');
  });

  it(
    'leaves its experiment failed, not stopped, if it fails, and the cells that wait are named',
    { timeout },
    async () => {
      const diverging = {
        ...smallTraining,
        optim: { name: 'sgd', learning_rate: 10, weight_decay: 1 },
        num_epochs: 30,
      };
      const id = await begin({ seeds: 1, classifier: { source: 'train', params: diverging } });
      const summary = await until(id, ({ state, counts }) => state === 'idle' && counts.failed > 0);
      expect(summary).toMatchObject({
        stuck: 2,
        counts: { total: 3, done: 0, failed: 1 },
        note: '2 runs wait for a classifier that failed.',
      });
      expect(await queueOf(id)).toMatchObject([
        {
          label: 'mahalanobis on Corner pixel, seed 0',
          stuck: { label: 'Classifier, Corner pixel, seed 0', reason: expect.stringMatching(/./) as string },
        },
        { label: 'max-softmax on Corner pixel, seed 0', stuck: { label: 'Classifier, Corner pixel, seed 0' } },
      ]);
    },
  );
});

describe('an experiment whose disk is full', () => {
  it.skipIf(!canMount)(`pauses, says so, and goes on when there is room${withoutMount}`, { timeout }, async () => {
    const { folder, remount } = smallDisk('4m');
    program.application.settings.change({ runsDir: join(folder, 'runs') });
    const id = await begin();
    await until(id, ({ counts }) => counts.done >= 1);
    fillDisk(folder);
    const paused = await until(id, ({ state }) => state === 'paused');
    expect(paused.note).toMatch(/the disk is full\. It goes on when there is room\.$/);
    expect(paused.counts.failed).toBe(0);
    // Trying is of no use, and fails nothing.
    await program.client.experiments.resume({ id });
    await until(id, ({ state }) => state === 'paused');
    remount('size=64m');
    await program.client.experiments.resume({ id });
    expect((await until(id, isOver)).counts).toMatchObject({ total: 6, done: 6, failed: 0 });
  });

  it.skipIf(!canMount)(`goes on by itself${withoutMount}`, { timeout }, async () => {
    const { folder } = smallDisk('4m');
    program.application.settings.change({ runsDir: join(folder, 'runs') });
    const id = await begin({ seeds: 1 });
    const filler = join(folder, 'filler');
    await until(id, ({ counts }) => counts.running === 1);
    writeFileSync(filler, new Uint8Array(2 ** 21));
    fillDisk(folder);
    await until(id, ({ state }) => state === 'paused');
    rmSync(filler);
    expect((await until(id, isOver)).counts).toMatchObject({ total: 3, done: 3, failed: 0 });
  });
});
