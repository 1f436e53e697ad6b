import { afterEach, describe, expect, it, vi } from 'vitest';
import { router } from '../../renderer/app/router.svelte.ts';
import { catalogue } from '../../renderer/app/catalogue.svelte.ts';
import { RunScores } from '../../renderer/runs/run-scores.ts';
import { ComparisonPage } from '../../renderer/screens/compare/comparison.svelte.ts';
import { CloseLooks } from '../../renderer/screens/run/close-looks.svelte.ts';
import { OtherDetectors, othersOf } from '../../renderer/screens/run/other-detectors.svelte.ts';
import { Planes } from '../../renderer/screens/run/planes.svelte.ts';
import { RunPage } from '../../renderer/screens/run/run-page.svelte.ts';
import { packArrays } from '../../shared/domain/arrays.ts';
import { figuresToBytes } from '../../shared/domain/comparison.ts';
import type { FigureInterval, LayerMetrics } from '../../shared/domain/evaluation.ts';
import type { CloseSample } from '../../shared/domain/samples.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { answerWith } from './fake-program.ts';
import { runSummary } from './run-summary.ts';

afterEach(() => {
  vi.restoreAllMocks();
  catalogue.runs = new Map();
});

const interval: FigureInterval = { lower: 0, upper: 1, method: 'delong-logit', one_sided: false, level: 0.95 };
const metrics = (threshold: number | null, edges = [0, 1, 2]): LayerMetrics => ({
  AUC_ROC: 0.9,
  AUC_ROC_interval: interval,
  AP: 0.9,
  AP_interval: interval,
  TPR_at_FPR_1: 0.5,
  TPR_at_FPR_1_interval: interval,
  threshold_at_FPR_1: threshold,
  TPR_at_FPR_5: 0.5,
  TPR_at_FPR_5_interval: interval,
  FPR_at_TPR_95: 0.5,
  FPR_at_TPR_95_interval: interval,
  n_clean: 2,
  n_anomalous: 2,
  histogram: { scale: 'linear', edges, clean: [2, 0], anomalous: [0, 2] },
  roc: { fpr: [0, 1], tpr: [0, 1], threshold: [null, 0] },
  pr: { recall: [0, 1], precision: [1, 0.5] },
});
const result = (layers: Record<string, LayerMetrics>, headline = 'all'): RunResult => ({
  layers,
  headline,
  attack: null,
  sentence: '',
  doubts: [],
  thresholds: null,
  words: { samples: 'Images', anomalous: 'Triggered', score: 'Score' },
  aggregation: 'mean',
  analysis: null,
});
const scoreSet = (layers: Record<string, number[]>) => ({
  layers: Object.keys(layers),
  classes: null,
  arrays: packArrays({
    ...Object.fromEntries(Object.entries(layers).map(([name, scores]) => [`layer/${name}`, Float32Array.from(scores)])),
    labels: Uint8Array.of(0, 0, 1, 1),
    sample_index: Int32Array.of(0, 1, 2, 3),
  }),
});
const gone = new CupbearerError('not-found', 'There is no such run.');

/** The page of a run with this result. */
async function pageOf(shown: RunResult): Promise<RunPage> {
  router.go({ screen: 'run', id: 'a', tab: 'samples' });
  answerWith({ runs: { get: () => Promise.reject(gone), result: () => ({ ...shown, poolings: null }) } });
  const page = new RunPage('a');
  await page.load();
  return page;
}

describe('the page of a run', () => {
  it('shows a result even where the run itself cannot be read, and says so', async () => {
    const page = await pageOf(result({ all: metrics(1) }));
    expect([page.failure?.message, page.resultFailure, page.layer?.id]).toEqual([
      'There is no such run.',
      undefined,
      'all',
    ]);
  });

  it('has the aggregate first, short names, and one layer without its aggregate', async () => {
    const many = await pageOf(
      result({ 'layers.a.output': metrics(1), 'layers.b.output': metrics(1), all: metrics(1) }),
    );
    expect(many.layers.map(({ name }) => name)).toEqual(['All, mean', 'a', 'b']);
    expect(many.nameOf('layers.b.output')).toBe('b');
    const single = await pageOf(result({ 'layers.a.output': metrics(1), all: metrics(1) }));
    expect(single.layers.map(({ id }) => id)).toEqual(['layers.a.output']);
    expect(single.layer?.id).toBe('layers.a.output');
  });

  it('forgets a threshold when another layer is picked, and goes back to the one of the result', async () => {
    const page = await pageOf(result({ all: metrics(0.8), x: metrics(null), y: metrics(0.3) }));
    expect(page.threshold).toBe(0.8);
    page.moveThreshold(0.5);
    page.pickLayer('all');
    expect(page.threshold).toBe(0.5);
    page.pickLayer('y');
    expect(page.threshold).toBe(0.3);
    page.moveThreshold(0.1);
    page.resetThreshold();
    expect(page.threshold).toBe(0.3);
    // None keeps the share of false alarms: nothing is flagged.
    page.pickLayer('x');
    expect(page.threshold).toBe(2);
  });

  it('shows the layer that the address names, on every tab and after a step back', async () => {
    const page = await pageOf(result({ all: metrics(1), x: metrics(1), y: metrics(1) }));
    expect([page.layer?.id, page.picked]).toEqual(['all', undefined]);
    page.pickLayer('x');
    expect(location.hash).toBe('#/runs/a/samples?layer=x');
    router.go(page.placeOf('scores'));
    expect([location.hash, page.layer?.id]).toEqual(['#/runs/a/scores?layer=x', 'x']);
    page.pickLayer('y');
    router.back();
    expect(page.layer?.id).toBe('x');
    location.hash = '#/runs/a/scores?layer=gone';
    expect([page.layer?.id, page.picked]).toEqual(['all', undefined]);
  });

  it('has a logarithmic axis only where all scores are above 0', async () => {
    const page = await pageOf(result({ all: metrics(1), x: metrics(1, [0.5, 1, 2]), y: metrics(1) }));
    page.pickScale('log');
    expect([page.canBeLog, page.scale]).toEqual([false, 'linear']);
    page.pickLayer('x');
    page.pickScale('log');
    expect([page.canBeLog, page.scale]).toEqual([true, 'log']);
  });

  it('asks for scores once, and again where they could not be had', async () => {
    const page = await pageOf(result({ all: metrics(1) }));
    answerWith({ runs: { scores: () => Promise.reject(gone) } });
    await page.loadScores();
    expect([page.scores, page.scoresFailure?.message]).toEqual([undefined, 'There is no such run.']);
    const asked = answerWith({ runs: { scores: () => scoreSet({ all: [0.1, 0.2, 0.9, 1.5] }) } });
    await page.loadScores();
    await page.loadScores();
    expect(asked).toEqual(['runs.scores']);
    expect([page.scoresFailure, page.mistakesTitle]).toEqual([undefined, 'Worst mistakes']);
    page.moveThreshold(0.5);
    expect(page.mistakesTitle).toBe('Closest to a mistake');
  });

  it('has no scores where those of a layer are missing', async () => {
    const page = await pageOf(result({ all: metrics(1), x: metrics(1), y: metrics(1) }));
    answerWith({ runs: { scores: () => scoreSet({ all: [1, 2, 3, 4], x: [1, 2, 3, 4] }) } });
    await page.loadScores();
    expect(page.scores).toBeUndefined();
    expect(page.scoresFailure?.message).toBe('Those at y are missing.');
  });
});

describe('the sample that is inspected', () => {
  async function scoredPage() {
    const page = await pageOf(result({ all: metrics(1), x: metrics(1), y: metrics(1) }));
    const scores = [0.1, 0.9, 0.5, 0.7];
    answerWith({ runs: { scores: () => scoreSet({ all: scores, x: scores, y: [4, 3, 2, 1] }) } });
    await page.loadScores();
    return page;
  }

  it('is gone through in the order of the list that it was opened from, to its ends', async () => {
    const page = await scoredPage();
    page.openSample(3, { name: 'Some', positions: [2, 3, 0] });
    expect([location.hash, page.sample, page.list.name]).toEqual(['#/runs/a/samples?sample=3', 3, 'Some']);
    page.stepSample(1);
    expect([page.sample, page.sampleBeside(1)]).toEqual([0, undefined]);
    page.stepSample(1);
    expect(page.sample).toBe(0);
    page.stepSample(-1);
    page.stepSample(-1);
    expect([page.sample, page.sampleBeside(-1)]).toEqual([2, undefined]);
    // The samples that were passed leave no steps behind.
    page.closeSample();
    expect([location.hash, page.sample]).toEqual(['#/runs/a/samples', undefined]);
  });

  it('is gone through by score at the layer where only its address is known, and closed in its place', async () => {
    const page = await scoredPage();
    location.hash = '#/runs/a/samples?sample=2&layer=x';
    expect([page.sample, ...page.list.positions]).toEqual([2, 1, 3, 2, 0]);
    page.pickLayer('y');
    expect([...page.list.positions]).toEqual([0, 1, 2, 3]);
    page.closeSample();
    page.closeSample();
    expect(location.hash).toBe('#/runs/a/samples?layer=y');
    location.hash = '#/runs/a/samples?sample=4';
    expect(page.sample).toBeUndefined();
  });
});

describe('a close look at a sample', () => {
  const answer = (position: number): CloseSample => ({
    sample: {
      kind: 'texts',
      clean: ['Alice'],
      changed: ['Bob'],
      labels: ['1'],
      changedLabels: ['2'],
      indices: [position],
    },
    trueClass: 1,
    likely: [{ class: 2, name: 'two', probability: 1 }],
    others: { count: 9, probability: 0 },
  });
  const { signal } = new AbortController();

  it('is asked for once, with what the sample was made of, and again after a failure', async () => {
    const looks = new CloseLooks('a');
    answerWith({ runs: { sample: () => Promise.reject(gone) } });
    await looks.load(3, signal);
    expect(looks.of(3)).toEqual(gone);
    const asked = answerWith({ runs: { sample: ({ position }) => answer(position) } });
    await looks.load(3, signal);
    await looks.load(3, signal);
    expect(asked).toEqual(['runs.sample']);
    expect(looks.of(3)).toMatchObject({ trueClass: 1, shown: { text: 'Bob', cleanText: 'Alice', label: '2' } });
  });

  it('leaves nothing behind that nobody waits for', async () => {
    const looks = new CloseLooks('a');
    answerWith({ runs: { sample: ({ position }) => answer(position) } });
    await looks.load(3, AbortSignal.abort());
    expect(looks.of(3)).toBeUndefined();
  });
});

describe('other detectors on the same samples', () => {
  it('are the latest of each, done, on the same test data', () => {
    const of = (id: string, detector: string, hour: number, more = {}) =>
      runSummary({ id, detector, testData: 'data', createdAt: `2026-11-24T${10 + hour}:00:00Z`, ...more });
    const own = of('own', 'mahalanobis', 0);
    const runs = [
      own,
      of('old', 'knn', 1),
      of('new', 'knn', 3),
      of('other', 'que', 2),
      of('failed', 'spectral', 4, { status: 'failed' }),
      of('elsewhere', 'spectral', 5, { testData: 'more' }),
    ];
    catalogue.runs = new Map(runs.map((run) => [run.id, run]));
    expect(othersOf(own).map(({ id }) => id)).toEqual(['new', 'other']);
    expect(othersOf({ ...own, testData: null })).toEqual([]);
  });

  it('are asked for once each, in the order of this run', async () => {
    const own = new RunScores(['all'], null, {
      'layer/all': Float32Array.of(0, 0, 0, 0),
      labels: Uint8Array.of(1, 1, 0, 0),
      sample_index: Int32Array.of(3, 2, 1, 0),
    });
    const asked = answerWith({
      runs: { scores: ({ id }) => (id === 'b' ? Promise.reject(gone) : scoreSet({ all: [1, 2, 3, 4] })) },
    });
    const others = new OtherDetectors();
    await others.load([runSummary({ id: 'a' }), runSummary({ id: 'b' })], own);
    await others.load([runSummary({ id: 'a' })], own);
    expect(asked).toHaveLength(2);
    expect(others.of('b')).toEqual(gone);
    expect(others.of('a')).toEqual({ scores: Float32Array.of(4, 3, 2, 1), ranks: Int32Array.of(1, 2, 3, 4) });
  });
});

describe('the planes of a run', () => {
  it('are asked for once, with the labels of their samples, and again after a failure', async () => {
    const planes = new Planes();
    const labels = Uint8Array.of(0, 1, 1);
    answerWith({ runs: { plane: () => Promise.reject(gone) } });
    await planes.load('a', 'x', labels);
    expect(planes.of('x')).toEqual(gone);
    const arrays = packArrays({ positions: Int32Array.of(2, 0), points: Float32Array.of(1, 2, 3, 4) });
    const asked = answerWith({ runs: { plane: () => ({ layer: 'x', arrays }) } });
    await planes.load('a', 'x', labels);
    await planes.load('a', 'x', labels);
    expect(asked).toHaveLength(1);
    expect(planes.of('x')).toEqual({
      positions: Int32Array.of(2, 0),
      x: Float32Array.of(1, 3),
      y: Float32Array.of(2, 4),
      anomalous: Uint8Array.of(1, 0),
    });
  });
});

describe('a comparison', () => {
  const summaries = ['a', 'b'].map((id) => runSummary({ id, detector: id }));
  const figures = {
    metrics: summaries.map(() => metrics(1)),
    score: 'all' as const,
    layers: [],
    rows: [],
    differences: [],
    pairs: [],
  };
  const compared = (scores: Record<string, Float32Array>) => ({
    summaries,
    figures: new Blob([figuresToBytes(figures)]),
    samples: [
      {
        runs: [0, 1],
        arrays: packArrays({ sample_index: Int32Array.of(5, 6), labels: Uint8Array.of(0, 1), ...scores }),
      },
    ],
  });

  it('has the runs with their names, and the scores of the samples that they share', async () => {
    const arrays = { 'scores/0': Float32Array.of(1, 2), 'scores/1': Float32Array.of(4, 3) };
    answerWith({
      runs: { compare: () => compared(arrays), result: () => ({ ...result({ all: metrics(1) }), poolings: null }) },
    });
    const page = new ComparisonPage(['a', 'b']);
    await page.load();
    expect(page.runs.map(({ id, name }) => [id, name])).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(page.samples[0]).toMatchObject({ runs: [0, 1], ranks: [Int32Array.of(2, 1), Int32Array.of(1, 2)] });
    expect([page.words?.anomalous, page.failure]).toEqual(['Triggered', undefined]);
  });

  it('is refused where scores are missing', async () => {
    answerWith({ runs: { compare: () => compared({ 'scores/0': Float32Array.of(1, 2) }) } });
    const page = new ComparisonPage(['a', 'b']);
    await page.load();
    expect([page.failure?.code, page.runs]).toEqual(['bad-data', []]);
  });

  it('is refused where the figures of a run are missing', async () => {
    const arrays = { 'scores/0': Float32Array.of(1, 2), 'scores/1': Float32Array.of(4, 3) };
    const bytes = figuresToBytes({ ...figures, metrics: figures.metrics.slice(1) });
    answerWith({ runs: { compare: () => ({ ...compared(arrays), figures: new Blob([bytes]) }) } });
    const page = new ComparisonPage(['a', 'b']);
    await page.load();
    expect([page.failure?.code, page.runs]).toEqual(['bad-data', []]);
  });
});
