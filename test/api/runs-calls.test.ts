import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readFigures } from '../../shared/domain/comparison.ts';
import { readEvaluation } from '../../main/runs/stored-evaluations.ts';
import { unpackArrays } from '../../shared/domain/arrays.ts';
import type { CatalogueEvent, RunNews, RunSummary } from '../../shared/domain/live.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { smallerBatchHelps } from '../../shared/errors.ts';
import { readJsonLines, readScores, readSpec } from '../../main/storage/run-folder.ts';
import { canListProcesses, computeProcessesOf, withoutProcessList } from '../compute-processes.ts';
import {
  ended,
  smallDetector,
  smallTraining,
  startApplication,
  type StartedApplication,
} from './running-application.ts';
import { enqueueOn, runOn } from './run-on.ts';

let app: StartedApplication;
let classifier = '';
let detector = '';
let second = '';

const folderOf = (id: string) => app.application.workbench.catalogue.get(id).folder;

/** More epochs than anybody waits for. */
const endless = { ...smallTraining, num_epochs: 100_000 };

function enqueue(experiment: string, params: Record<string, unknown>) {
  return enqueueOn(app.application.queued, [{ experiment, params }])[0]!;
}

/** Kept once `seen` is true of what a run tells. */
async function untilNews(id: string, seen: (news: RunNews) => boolean): Promise<void> {
  for await (const news of await app.client.runs.follow({ id })) if (seen(news)) return;
}

/** Collects what `runs.watch` tells until `seen` is true of all of it. */
async function watchUntil(
  seen: (events: CatalogueEvent[]) => boolean,
  started?: () => void,
): Promise<CatalogueEvent[]> {
  const abort = new AbortController();
  const events: CatalogueEvent[] = [];
  const stream = await app.client.runs.watch({}, { signal: abort.signal });
  for await (const event of stream) {
    events.push(event);
    if (events.length === 1) started?.();
    if (seen(events)) break;
  }
  abort.abort();
  return events;
}

const runsIn = (events: CatalogueEvent[]): RunSummary[] =>
  events.flatMap((event) => (event.type === 'runs' ? event.runs : []));

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as { data: { code: string; message: string; hint?: string } },
  );
  expect(error).toBeDefined();
  return error!.data;
}

beforeAll(async () => {
  app = startApplication();
  const records = enqueueOn(app.application.queued, [
    { experiment: 'train-classifier', params: smallTraining, tags: ['paper'] },
    { experiment: 'train-detector', params: ([first]) => smallDetector(first!.folder) },
    {
      experiment: 'train-detector',
      params: ([first]) => smallDetector(first!.folder, { relative: true, layers: ['layers.linear_1.output'] }),
    },
  ]);
  [classifier, detector, second] = records.map(({ id }) => id) as [string, string, string];
  expect(records.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued']);
  for (const { id } of records) expect(await ended(app, id)).toBe('done');
}, 120_000);
afterAll(() => app.stop());
afterEach(async () => {
  // What a test that failed has left going must not keep the next ones waiting.
  const left = app.application.queued.live.map(({ id }) => id).reverse();
  await app.application.queued.cancel(left);
  await Promise.all(left.map((id) => app.application.queued.ended(id)));
});

describe('runs that are asked for together', () => {
  it('wait for one another and lie in folders named by what they are about', () => {
    const names = [classifier, detector, second].map((id) => folderOf(id).slice(join(app.place, 'runs').length + 1));
    expect(names[0]).toMatch(/^\d{4}-\d\d-\d\d-corner-glyphs$/);
    expect(names[1]).toMatch(/^\d{4}-\d\d-\d\d-mahalanobis-on-backdoor$/);
    expect(names[2]).toBe(`${names[1]!}-2`);
  });

  it('are created all or none', () => {
    const { catalogue } = app.application.workbench;
    const before = catalogue.list().length;
    expect(() =>
      enqueueOn(app.application.queued, [
        { experiment: 'train-classifier', params: smallTraining, folder: join(app.place, 'undone') },
        { experiment: 'train-detector', params: { detector: 'nobody', task: 'backdoor' } },
      ]),
    ).toThrow(/Unknown detector "nobody"/);
    expect(catalogue.list()).toHaveLength(before);
    expect(existsSync(join(app.place, 'undone'))).toBe(false);
  });
});

describe('a run that another one needs', () => {
  it('fails that one with its reason', async () => {
    const [first, next] = enqueueOn(app.application.queued, [
      { experiment: 'train-classifier', params: { ...smallTraining, train_data: 'mnist' } },
      { experiment: 'train-detector', params: ([trained]) => smallDetector(trained!.folder) },
    ]);
    expect(await ended(app, first!.id)).toBe('failed');
    expect(await ended(app, next!.id)).toBe('failed');
    const { error, started_at } = app.application.workbench.catalogue.get(next!.id);
    expect(error!.message).toMatch(/^The classifier it builds on failed: The dataset "mnist" is not in /);
    expect(started_at).toBeNull();
  });
});

describe('the list of runs', () => {
  it('says what each is about', async () => {
    const events = await watchUntil((all) => all.some((event) => event.type === 'live'));
    expect(events[0]).toMatchObject({ type: 'runs', complete: true });
    const byId = new Map(runsIn(events).map((run) => [run.id, run]));
    expect(byId.get(classifier)).toMatchObject({
      kind: 'classifier',
      task: 'backdoor',
      taskDetail: 'corner, glyphs',
      dataset: 'glyphs',
      detector: '',
      model: 'mlp 16-12',
      tags: ['paper'],
      status: 'done',
      resumable: false,
    });
    expect(byId.get(second)).toMatchObject({
      task: 'backdoor',
      taskDetail: 'corner, glyphs',
      detector: 'mahalanobis',
      detectorDetail: 'linear_1, relative',
      model: 'mlp 16-12',
      parents: [classifier],
    });
    expect(byId.get(second)!.testData).toMatch(/^[0-9a-f]{16}$/);
    expect(byId.get(second)!.testData).toBe(byId.get(detector)!.testData);
  });

  it('tells of changes here and of those that another process makes', async () => {
    const other = openCatalogue(app.application.workbench.catalogue.path);
    onTestFinished(() => other.close());
    const seen = (wanted: (run: RunSummary) => boolean) => (events: CatalogueEvent[]) =>
      runsIn(events.slice(1)).some(wanted);
    await watchUntil(
      seen(({ id, pinned, tags }) => id === detector && pinned && tags.join() === 'mine'),
      () => void app.client.runs.change({ ids: [detector], addTags: ['mine', 'mine'], pinned: true }),
    );
    await watchUntil(
      seen(({ id, notes }) => id === second && notes === 'from elsewhere'),
      () => void other.update(second, { notes: 'from elsewhere' }),
    );
    await app.client.runs.change({ ids: [detector, second], removeTags: ['mine'], pinned: false, notes: '' });
  });

  it('tells several windows how far a run is, at most ten times a second', async () => {
    const { id } = enqueue('train-classifier', endless);
    const waiting = enqueue('train-classifier', smallTraining);
    const started = performance.now();
    const isTraining = (events: CatalogueEvent[]) =>
      events.some(
        (event) =>
          event.type === 'live' &&
          event.live.some((live) => live.id === id && live.phase === 'Training' && live.remainingMs !== null),
      );
    const [a, b] = await Promise.all([watchUntil(isTraining), watchUntil(isTraining)]);
    const elapsed = performance.now() - started;
    for (const events of [a, b]) {
      const live = events.filter((event) => event.type === 'live');
      expect(live.length).toBeLessThan(elapsed / 100 + 3);
      expect(live.at(-1).live).toMatchObject([
        { id, phase: 'Training', queuePosition: null },
        { id: waiting.id, phase: '', queuePosition: 1, waitsFor: null },
      ]);
    }
    await app.client.runs.cancel({ ids: [waiting.id, id] });
    expect([await ended(app, id), await ended(app, waiting.id)]).toEqual(['cancelled', 'cancelled']);
  });
});

describe('a run', () => {
  it('is shown with its spec, files, children and a command line that repeats it', async () => {
    const run = await app.client.runs.get({ id: classifier });
    expect(run.summary.id).toBe(classifier);
    expect(run.spec!.spec).toEqual(run.record.spec);
    expect(run.children.sort()).toEqual(expect.arrayContaining([detector, second].sort()));
    expect(run.files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['figures/training.svg', 'metrics.jsonl', 'model.safetensors', 'spec.json']),
    );
    expect(run.network!.layers.map(({ activation }) => activation)).toContain('layers.linear_1.output');
    expect(run.command).toMatch(
      /^npx cupbearer train-classifier --train_data backdoor --train_data.original glyphs --train_data.original.limit 200 /,
    );
    expect('host_pid' in run.record).toBe(false);
  });

  it('that is not there is said so', async () => {
    expect(await failureOf(app.client.runs.get({ id: '20200101-000000-none' }))).toMatchObject({ code: 'not-found' });
  });

  it('tells its epochs and log, and ends with it', async () => {
    const news: RunNews[] = [];
    for await (const piece of await app.client.runs.follow({ id: classifier })) news.push(piece);
    const epochs = news.flatMap((piece) => (piece.type === 'epochs' ? piece.epochs : []));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(epochs[0]!.validation['backdoor']!.attack_success).toBeGreaterThanOrEqual(0);
    const lines = news.flatMap((piece) => (piece.type === 'log' ? piece.lines : []));
    // Which engines there are besides, and why they were not taken, is another matter.
    const heads = lines.map(({ message }) => message.split(/:| on /)[0]!).filter((head) => !head.startsWith('Not '));
    // Two epochs on a few samples teach it little, which it says.
    const doubts = ['The classifier has learnt next to nothing', 'The backdoor has not taken'];
    expect(heads).toEqual(['WebAssembly (CPU)', 'Data', 'Training', 'epoch 1/2', 'epoch 2/2', ...doubts, 'Done']);
  });

  it('is repeated as it was, into a folder of its own', async () => {
    const { id } = await app.client.runs.repeat({ id: detector });
    expect(await ended(app, id)).toBe('done');
    const [again, first] = [id, detector].map((run) => app.application.workbench.catalogue.get(run));
    expect(again!.spec).toEqual(first!.spec);
    expect(again!.metrics).toEqual(first!.metrics);
    expect(again!.folder).not.toBe(first!.folder);
  });

  it('is cut off while it trains and goes on when asked', async () => {
    const { id } = enqueue('train-classifier', { ...smallTraining, num_epochs: 60 });
    await untilNews(id, (news) => news.type === 'epochs');
    await app.client.runs.cancel({ ids: [id] });
    expect(await ended(app, id)).toBe('cancelled');
    expect((await app.client.runs.get({ id })).summary.resumable).toBe(true);
    await app.client.runs.resume({ id });
    expect(await ended(app, id)).toBe('done');
    expect(await failureOf(app.client.runs.resume({ id }))).toMatchObject({ code: 'conflict' });
  });

  it('that has left the numbers is none to go on with', async () => {
    const { id } = enqueue('train-classifier', {
      ...smallTraining,
      optim: { name: 'sgd', learning_rate: 10, weight_decay: 1 },
      num_epochs: 30,
    });
    expect(await ended(app, id)).toBe('failed');
    const { summary } = await app.client.runs.get({ id });
    expect(summary.error?.code).toBe('non-finite');
    expect(summary.resumable).toBe(false);
  });

  it.skipIf(!canListProcesses)(
    `whose process is killed fails alone, and the queue goes on${withoutProcessList}`,
    async () => {
      const { id } = enqueue('train-classifier', endless);
      const next = enqueue('train-classifier', smallTraining);
      await untilNews(id, (news) => news.type === 'epochs');
      process.kill(Math.max(...computeProcessesOf(process.pid)), 'SIGKILL');
      expect(await ended(app, id)).toBe('failed');
      const { error } = (await app.client.runs.get({ id })).summary;
      expect(error).toMatchObject({ code: 'crashed', message: /was ended by SIGKILL/ as unknown as string });
      expect(await ended(app, next.id)).toBe('done');

      // It may have been memory: it can go on with smaller batches, and only with such.
      const { record } = await app.client.runs.get({ id });
      expect(record.error!.details).toMatchObject(smallerBatchHelps);
      const before = record.spec['batch_size'] as number;
      const larger = await failureOf(app.client.runs.resume({ id, batchSize: before + 1 }));
      expect(larger).toMatchObject({ code: 'usage', message: `A training is resumed with its own batch size or a smaller one: expected at most ${before}, found ${before + 1}.` }); // prettier-ignore
      const epochsDone = readJsonLines(record.folder, 'metrics.jsonl').length;
      const steps = (line: number) =>
        (readJsonLines(record.folder, 'metrics.jsonl') as { steps: number }[])[line]!.steps;
      const perEpoch = steps(0);
      await app.client.runs.resume({ id, batchSize: before / 2 });
      await untilNews(id, (news) => news.type === 'epochs' && readJsonLines(record.folder, 'metrics.jsonl').length > epochsDone + 1); // prettier-ignore
      await app.client.runs.cancel({ ids: [id] });
      expect(await ended(app, id)).toBe('cancelled');
      const lines = readJsonLines(record.folder, 'metrics.jsonl').length;
      expect(steps(lines - 1) - steps(lines - 2)).toBeGreaterThan(perEpoch);
      expect(readSpec(record.folder)).toMatchObject({
        spec: { batch_size: before / 2 },
        earlier_batch_sizes: [before],
      });
      expect((await app.client.runs.get({ id })).record.spec['batch_size']).toBe(before / 2);
    },
  );

  it('whose folder vanishes fails with the reason, and the queue goes on', async () => {
    const { id, folder } = enqueue('train-classifier', endless);
    await untilNews(id, (news) => news.type === 'epochs');
    // Gone at one stroke: while files are removed one by one, the training goes on writing new ones.
    renameSync(folder, `${folder}-gone`);
    expect(await ended(app, id)).toBe('failed');
    rmSync(`${folder}-gone`, { recursive: true });
    const run = await app.client.runs.get({ id });
    expect(run).toMatchObject({ folderExists: false, files: [], spec: null });
    expect(run.summary.error).toMatchObject({ code: 'storage' });
    expect(await app.client.runs.result({ id })).toBeNull();
    const next = enqueue('train-classifier', smallTraining);
    expect(await ended(app, next.id)).toBe('done');
  });
});

describe('results', () => {
  it('come with a sentence and the words of the task', async () => {
    const result = (await app.client.runs.result({ id: detector }))!;
    expect(Object.keys(result.layers).sort()).toEqual(
      ['all', 'layers.linear_0.output', 'layers.linear_1.output', 'layers.linear_2.output'].sort(),
    );
    expect(result.words).toEqual({ samples: 'Images', anomalous: 'Triggered', score: 'Mahalanobis distance: score' });
    expect(result.sentence).toMatch(/^The (detector|scores) /);
    expect(result.analysis!.mistakes.clean.length).toBeGreaterThan(0);
    expect(await app.client.runs.result({ id: classifier })).toBeNull();
  });

  it('have scores as packed arrays, with classes', async () => {
    const scores = await app.client.runs.scores({ id: detector });
    expect(scores.layers[0]).toBe('all');
    expect(scores.classes).toHaveLength(10);
    const arrays = await unpackArrays(scores.arrays);
    const stored = readScores(folderOf(detector));
    expect(arrays['layer/all']).toEqual(stored.layers.get('all'));
    expect(arrays['labels']).toEqual(stored.labels);
    expect(arrays['sample_index']).toEqual(stored.sampleIndex);
    const { mistakes } = (await app.client.runs.result({ id: detector }))!.analysis!;
    for (const { position, true_class, predicted_class } of [...mistakes.clean, ...mistakes.anomalous]) {
      expect(scores.classes![arrays['true_class']![position]!]).toBe(true_class);
      expect(scores.classes![arrays['predicted_class']![position]!]).toBe(predicted_class);
    }
  });

  it('have the activations of a layer in the plane', async () => {
    const { arrays } = await app.client.runs.plane({ id: detector, layer: 'layers.linear_0.output' });
    const { positions, points } = await unpackArrays(arrays);
    expect(points!.length).toBe(2 * positions!.length);
    for (const layer of ['../points', 'nobody'])
      expect(['usage', 'not-found']).toContain((await failureOf(app.client.runs.plane({ id: detector, layer }))).code);
  });

  it('are compared', async () => {
    const comparison = await app.client.runs.compare({ ids: [detector, second] });
    const figures = await readFigures(comparison);
    expect(comparison.summaries.map(({ id }) => id)).toEqual([detector, second]);
    expect(figures.metrics.map((metrics) => metrics!.AUC_ROC)).toEqual(
      [detector, second].map((id) => readEvaluation(folderOf(id)).layers['all']!.AUC_ROC),
    );
    expect(figures.differences.map(({ key }) => key).sort()).toEqual(['detector.layers', 'detector.relative']);
    expect(figures.pairs[0]!.test!.p).not.toBeUndefined();
    expect(comparison.samples.map(({ runs }) => runs)).toEqual([[0, 1]]);
    const samples = await unpackArrays(comparison.samples[0]!.arrays);
    expect(samples['scores/1']!.length).toBe(samples['labels']!.length);
  });

  it('whose file is damaged say so, and the rest of the run is shown', async () => {
    const file = join(folderOf(second), 'eval.json');
    const sound = readFileSync(file);
    onTestFinished(() => writeFileSync(file, sound));
    writeFileSync(file, sound.subarray(0, 400));
    const failure = await failureOf(app.client.runs.result({ id: second }));
    expect(failure.code).toBe('bad-data');
    expect(failure.message).toContain(file);
    expect((await app.client.runs.get({ id: second })).summary.status).toBe('done');
    expect((await app.client.runs.scores({ id: second })).layers).toContain('all');
  });
});

describe('removing runs', () => {
  it('acts at once and can be undone', async () => {
    const folder = folderOf(second);
    const before = readFileSync(join(folder, 'eval.json'));
    const events = await watchUntil(
      (all) => all.some((event) => event.type === 'removed' && event.ids.includes(second)),
      () => void app.client.runs.remove({ ids: [second] }),
    );
    expect(events.at(-1)).toEqual({ type: 'removed', ids: [second] });
    expect(existsSync(folder)).toBe(false);
    await app.client.runs.restore({ ids: [second] });
    expect(readFileSync(join(folder, 'eval.json'))).toEqual(before);
    expect((await app.client.runs.get({ id: second })).folderExists).toBe(true);
  });

  it('takes the evaluations inside along', async () => {
    const { workbench } = app.application;
    const noise = {
      detector: { name: 'from_run', path: folderOf(second) },
      task: { name: 'backdoor', run_path: folderOf(classifier), backdoor: { name: 'noise', std: 0.4 } },
    };
    const inside = await runOn(workbench, 'eval-detector', noise, { folder: folderOf(second) });
    const { ids } = await app.client.runs.remove({ ids: [inside.record.id, second] });
    expect(ids.sort()).toEqual([inside.record.id, second].sort());
    await app.client.runs.restore({ ids: [second] });
    expect(workbench.catalogue.get(inside.record.id).folder).toBe(inside.folder);
    expect(existsSync(inside.folder)).toBe(true);
    // Other tests remove the same run.
    await app.client.runs.remove({ ids: [inside.record.id] });
  });

  it('leaves alone what goes on and what it needs', async () => {
    const { id } = enqueue('train-classifier', endless);
    await untilNews(id, (news) => news.type === 'epochs');
    expect(await failureOf(app.client.runs.remove({ ids: [second, id] }))).toMatchObject({
      code: 'conflict',
      message: `The run ${id} is running.`,
    });
    expect(existsSync(folderOf(second))).toBe(true);
    const [waiting] = enqueueOn(app.application.queued, [
      { experiment: 'train-detector', params: smallDetector(folderOf(classifier)) },
    ]);
    expect((await failureOf(app.client.runs.remove({ ids: [classifier] }))).message).toContain('needs the run');
    await app.client.runs.cancel({ ids: [waiting!.id, id] });
    await ended(app, id);
  });

  it('forgets a run whose folder is gone, and touches no other folder', async () => {
    const { id, folder } = enqueue('train-classifier', smallTraining);
    await ended(app, id);
    renameSync(folder, `${folder}-elsewhere`);
    writeFileSync(folder, 'a file of somebody else');
    expect((await app.client.runs.remove({ ids: [id] })).ids).toEqual([id]);
    expect(readFileSync(folder, 'utf8')).toBe('a file of somebody else');
  });
});

describe('the end of the program', () => {
  it('ends what goes on, keeps what is in the trash and finds the rest again', async () => {
    const { id: removed, folder } = enqueue('train-classifier', smallTraining);
    await ended(app, removed);
    const { id: going } = enqueue('train-classifier', endless);
    const { id: waiting } = enqueue('train-classifier', smallTraining);
    await untilNews(going, (news) => news.type === 'epochs');
    await app.client.runs.remove({ ids: [removed] });
    const place = app.place;
    await app.stop({ again: true });
    if (canListProcesses) expect(computeProcessesOf(process.pid)).toEqual([]);
    app = startApplication(place);
    const { catalogue } = app.application.workbench;
    for (const id of [going, waiting])
      expect(catalogue.get(id)).toMatchObject({
        status: 'cancelled',
        error: { message: 'The program was closed before the run had finished.' },
      });
    expect(() => catalogue.get(removed)).toThrow(/There is no run/);
    expect(existsSync(folder)).toBe(false);
    await app.client.runs.restore({ ids: [removed] });
    expect(catalogue.get(removed)).toMatchObject({ status: 'done', folder });
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(true);
  });
});
