import type { CellSeed, MatrixCell, MatrixMetric, ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { shortLayerNames } from '../../shared/charts/layer-names.ts';
import { unknownName } from '../../shared/definition.ts';
import { allLayers } from '../../shared/domain/evaluation.ts';
import type {
  ClassifierStrip,
  ExperimentView,
  FiguresByLayer,
  ViewOptions,
} from '../../shared/domain/experiment-view.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatPercent } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import { rankScores, type Scores } from '../../shared/scores/ranked-scores.ts';
import { aggregateLayers } from '../evaluation/aggregate-layers.ts';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { scoreTies, suspicions } from '../../shared/suspicions.ts';
import { figureOverSeeds, type FigureOverSeeds } from '../evaluation/across/across-seeds.ts';
import { meanRoc } from '../evaluation/across/mean-roc.ts';
import { thinnedRoc } from '../evaluation/curves.ts';
import { metricFigures } from '../evaluation/across/metric-figures.ts';
import type {
  CellRun,
  MatrixColumn,
  MatrixSubject,
  MatrixSubjectCell,
  SeedRun,
} from '../experiments/matrix-subject.ts';
import { usualAccuracyIn } from '../runs/usual-accuracy.ts';
import { remembered } from './remembered.ts';
import { hasScores, readScores, scoreLayout } from '../storage/run-folder.ts';

/** A matrix with what stands at its head. */
interface ExperimentMatrix {
  matrix: ResultMatrix;
  strip: ClassifierStrip[];
}

/** Share of attacks that must succeed for a task to be about detecting them. */
const leastSuccess = 0.5;

/** How scores of layers become one figure. */
interface ScoreOptions {
  metric: MatrixMetric;
  aggregation: NonNullable<ViewOptions['aggregation']>;
  layer: string | undefined;
}

/**
 * Puts the results of an experiment together, as far as they are there.
 * @throws CupbearerError `usage` for a layer that none of its runs has scores of.
 */
export function experimentMatrix(
  subject: MatrixSubject,
  { metric = 'auroc', aggregation = 'own', layer }: ViewOptions,
): ExperimentMatrix {
  const strip = subject.columns.map((column, c) =>
    stripOf(
      column,
      subject.cells.map((row) => row[c]!),
    ),
  );
  const options: ScoreOptions = {
    metric,
    aggregation,
    layer: layer === undefined ? undefined : layerId(subject, layer),
  };
  return {
    strip,
    matrix: {
      title: subject.title,
      metric: options.metric,
      aggregation: aggregationWords(subject, options),
      layer: options.layer ?? null,
      seeds: [...subject.seeds],
      tasks: subject.columns.map(({ label }, column) => ({ label, notCounted: failedAttack(strip[column]!) })),
      detectors: subject.rows.map(({ label, sees, isSkyline, plugin }) => ({
        label,
        sees,
        isSkyline,
        ...given({ plugin }),
      })),
      cells: subject.cells.map((row) => row.map((cell, column) => cellOf(cell, subject.columns[column]!, options))),
    },
  };
}

/** What there is to choose from where layers become one score. */
export function layersOf(subject: MatrixSubject): ExperimentView['layers'] {
  const own = new Set(subject.rows.map(({ aggregation }) => aggregation));
  const names = new Set(oneRunACell(subject).flatMap(({ id, folder }) => singleLayers(id, folder)));
  const ids = [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const short = shortLayerNames(ids);
  return { own: own.size === 1 ? [...own][0]! : null, single: ids.map((id, i) => ({ id, name: short[i]! })) };
}

/** The figures of every cell at each layer, over the seeds that are done. */
export function figuresByLayer(subject: MatrixSubject, metric: MatrixMetric): FiguresByLayer {
  const layers = layersOf(subject).single;
  const figureAt = (layer: string, { seeds }: MatrixSubjectCell) => {
    const has = ({ id, folder, status }: CellRun) => status === 'done' && singleLayers(id, folder).includes(layer);
    const done = seeds.flatMap(({ run }) => (run && has(run) ? [run] : []));
    if (done.length === 0) return null;
    const { mean, lower, upper } = figureOf(done, { metric, aggregation: 'own', layer });
    return { mean, lower, upper };
  };
  return { layers, cells: subject.cells.map((row) => row.map((cell) => layers.map(({ id }) => figureAt(id, cell)))) };
}

/** A run of each cell: all seeds have the same layers. */
function oneRunACell({ cells }: MatrixSubject): CellRun[] {
  return cells.flat().flatMap(({ seeds }) => seeds.find(({ run }) => run?.status === 'done')?.run ?? []);
}

/** The layers that a run has scores of; none where its folder cannot be read, which its cell says. */
function singleLayers(id: string, folder: string): string[] {
  return remembered(knownLayers, `${id} ${folder}`, () => {
    try {
      return scoreLayout(folder).layers.filter((name) => name !== allLayers);
    } catch (error) {
      if (error instanceof CupbearerError) return [];
      throw error;
    }
  });
}

const aggregateWords = {
  mean: 'mean over layers',
  max: 'maximum over layers',
  'standardised-mean': 'mean over standardised layers',
  logsumexp: 'logsumexp over layers',
  layer: 'one layer, chosen beforehand',
};

/** The layer that a name means. A layer cannot be wrong before there are runs. */
function layerId(subject: MatrixSubject, asked: string): string {
  const { single } = layersOf(subject);
  const found = single.find(({ id, name }) => id === asked || name === asked);
  if (found || single.length === 0) return found?.id ?? asked;
  throw new CupbearerError('usage', unknownName('layer', asked, single.map(({ name }) => name))); // prettier-ignore
}

function aggregationWords(subject: MatrixSubject, { aggregation, layer }: ScoreOptions): string {
  if (layer !== undefined) {
    const name = layersOf(subject).single.find(({ id }) => id === layer)?.name ?? layer;
    return `${name} alone, picked after seeing the labels`;
  }
  const ways = new Set(aggregation !== 'own' ? [aggregation] : subject.rows.map((row) => row.aggregation));
  if (ways.size !== 1) return 'each detector’s own aggregate over layers';
  return aggregateWords[[...ways][0]!];
}

/** Why the figures of a task say nothing about detection. */
function failedAttack({ attackSuccess }: ClassifierStrip): string | null {
  if (attackSuccess === null || attackSuccess >= leastSuccess) return null;
  return `Its attack failed: ${formatPercent(attackSuccess)} success.`;
}

/** The head of a column, of which `cells` are the detectors. */
function stripOf({ classifiers, takesFitted }: MatrixColumn, cells: readonly MatrixSubjectCell[]): ClassifierStrip {
  /** How often the attack of the task itself succeeds, as the runs on it have found. */
  const ofTask = (seed: number): number | null => {
    const runs = cells.flatMap((cell) => cell.seeds.find((each) => each.seed === seed)?.run ?? []);
    return runs.map(({ metrics }) => metrics['attack_success'] ?? null).find((success) => success !== null) ?? null;
  };
  const seeds = classifiers.map(({ seed, run }) => ({
    seed,
    run: run?.id ?? null,
    state: stateOf(run),
    progress: run?.progress ?? null,
    cleanAccuracy: run?.metrics['clean_accuracy'] ?? null,
    // On more samples than a task has, but of the trigger in training alone.
    attackSuccess: (takesFitted ? null : run?.metrics['attack_success']) ?? ofTask(seed),
    reason: run?.reason ?? null,
  }));
  const strip = {
    cleanAccuracy: meanOfKnown(seeds.map(({ cleanAccuracy }) => cleanAccuracy)),
    attackSuccess: meanOfKnown(seeds.map(({ attackSuccess }) => attackSuccess)),
    seeds,
  };
  const { cleanAccuracy: accuracy, attackSuccess: success } = strip;
  const first = classifiers.map(({ run }) => run).find((run) => run !== null);
  return {
    ...strip,
    warnings: suspicions({
      ...(success === null ? {} : { attack: { aim: 'label' as const, success } }),
      ...(accuracy === null
        ? {}
        : { classifier: { accuracy, usual: first ? usualAccuracyIn(first.folder) : undefined } }),
    }).map(wordsOf),
  };
}

/** The figures stand in the cell itself, and equal notes below a table are one. */
const cellWords = ({ id, sentence }: Suspicion) =>
  id === 'wrong-way' ? 'Well below guessing: clean samples score higher than anomalous ones.' : sentence;

const wordsOf = ({ sentence, remedy }: Suspicion) => `${sentence} ${remedy}`;

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function cellOf(cell: MatrixSubjectCell, column: MatrixColumn, options: ScoreOptions): MatrixCell {
  const seeds = cell.seeds.map((each) => seedOf(each, column, options));
  const done = cell.seeds.filter(({ run }, i) => run && seeds[i]!.value !== null).map(({ run }) => run!);
  const figure = done.length === 0 ? undefined : figureOf(done, options);
  return {
    state: cell.impossible === null ? cellState(seeds) : 'impossible',
    reason: cell.impossible ?? seeds.find(({ reason }) => reason !== null)?.reason ?? null,
    seeds,
    mean: figure?.mean ?? null,
    deviation: figure?.deviation ?? null,
    lower: figure?.lower ?? null,
    upper: figure?.upper ?? null,
    fromSamples: figure?.fromSamples ?? null,
    fromSeeds: figure?.fromSeeds ?? null,
    warnings: figure && options.metric === 'auroc' ? doubtsOf(figure, done, options) : [],
  };
}

/** What must be known before an AUROC is believed. */
function doubtsOf(
  { mean, lower, upper }: FigureOverSeeds,
  [first]: readonly CellRun[],
  options: ScoreOptions,
): string[] {
  if (!first) return [];
  return remembered(knownDoubts, `${keyOf(options, [first])} ${mean} ${lower} ${upper}`, () => {
    const { scores, labels } = scoresOf(first.folder, options);
    const anomalous = labels.reduce((sum, label) => sum + label, 0);
    const detection = { auroc: mean, lower, upper, clean: labels.length - anomalous, anomalous };
    return suspicions({ detection, scores: scoreTies(scores) }).map(cellWords);
  });
}

function seedOf({ seed, run }: SeedRun, { classifiers }: MatrixColumn, options: ScoreOptions): CellSeed {
  const { layer } = options;
  const none = {
    seed,
    run: run?.id ?? null,
    progress: run?.progress ?? null,
    ms: run?.ms ?? null,
    value: null,
    lower: null,
    upper: null,
  };
  const state = stateOf(run);
  if (state === 'done' && run) {
    if (layer !== undefined && !singleLayers(run.id, run.folder).includes(layer))
      return { ...none, state, reason: `It has no scores of the layer ${layer}.` };
    try {
      return { ...none, state, ...figureOfRun(run, options), reason: null };
    } catch (error) {
      // A folder that is gone or damaged is one cell without a figure, and the others are worth showing.
      if (!(error instanceof CupbearerError)) throw error;
      return { ...none, state: 'failed', reason: error.message };
    }
  }
  const classifier = classifiers.find((each) => each.seed === seed)?.run;
  if (state === 'waiting' && classifier?.status === 'failed')
    return { ...none, state: 'failed', reason: `Its classifier failed: ${classifier.reason ?? 'no reason is known'}` };
  return { ...none, state, reason: state === 'failed' ? (run?.reason ?? null) : null };
}

function stateOf(run: CellRun | null): CellSeed['state'] {
  if (run?.status === 'done' || run?.status === 'running' || run?.status === 'failed') return run.status;
  return 'waiting';
}

function cellState(seeds: readonly CellSeed[]): MatrixCell['state'] {
  const has = (state: CellSeed['state']) => seeds.some((seed) => seed.state === state);
  if (has('running')) return 'running';
  if (has('failed')) return 'failed';
  if (!has('waiting')) return 'done';
  return has('done') ? 'partial' : 'waiting';
}

/** What was computed before, by runs and metric. */
const known = new Map<string, FigureOverSeeds>();
const knownOfRuns = new Map<string, Pick<CellSeed, 'value' | 'lower' | 'upper'>>();
const knownDoubts = new Map<string, string[]>();
const knownLayers = new Map<string, string[]>();

/** Names a figure: how it is made, and of which runs. */
function keyOf({ metric, aggregation, layer }: ScoreOptions, runs: readonly CellRun[]): string {
  return JSON.stringify([metric, layer ?? null, aggregation, ...runs.flatMap(({ id, folder }) => [id, folder])]);
}

/** A ROC curve over seeds, and the number of clean samples that its smallest FPR comes from. */
export interface CellRoc {
  fpr: readonly number[];
  tpr: readonly number[];
  clean: number;
}

/** Returns the ROC curve of a cell over those of its seeds that have a figure; null if none has. @throws as reading scores. */
export function rocOfCell(
  { seeds: figures }: MatrixCell,
  { seeds }: MatrixSubjectCell,
  { metric = 'auroc', aggregation = 'own', layer }: ViewOptions,
): CellRoc | null {
  const done = seeds.flatMap(({ run }, i) => (run && figures[i]!.value !== null ? [run] : []));
  if (done.length === 0) return null;
  const ranked = done.map(({ folder }) => {
    const { scores, labels } = scoresOf(folder, { metric, aggregation, layer });
    return rankScores(scores, labels);
  });
  return { ...meanRoc(ranked.map((own) => thinnedRoc(own))), clean: Math.max(...ranked.map(({ nClean }) => nClean)) };
}

function figureOfRun(run: CellRun, options: ScoreOptions): Pick<CellSeed, 'value' | 'lower' | 'upper'> {
  const compute = () => {
    const { scores, labels } = scoresOf(run.folder, options);
    const { value, lower, upper } = metricFigures[options.metric].interval(scores, labels);
    return { value, lower, upper };
  };
  // Of a run whose folder was deleted, nothing is shown that cannot be made again.
  return hasScores(run.folder) ? remembered(knownOfRuns, keyOf(options, [run]), compute) : compute();
}

function figureOf(runs: readonly CellRun[], options: ScoreOptions): FigureOverSeeds {
  return remembered(known, keyOf(options, runs), () =>
    figureOverSeeds(
      options.metric,
      runs.map(({ folder }) => scoresOf(folder, options)),
    ),
  );
}

/** The scores that are asked for of a run. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
function scoresOf(
  folder: string,
  { aggregation, layer }: ScoreOptions,
): { scores: Scores; labels: Uint8Array; groups: Int32Array } {
  const how = layer === undefined && aggregation !== 'own' ? aggregation : undefined;
  const wanted = layer ?? allLayers;
  const { layers, labels, sampleIndex, groups = sampleIndex } = readScores(folder, how ? undefined : [wanted]);
  if (how) {
    const { [allLayers]: _, ...single } = Object.fromEntries(layers);
    return { scores: aggregateLayers(single, how), labels, groups };
  }
  const scores = layers.get(wanted);
  if (scores) return { scores, labels, groups };
  throw new CupbearerError('bad-data', `"${folder}" has no scores ${layer === undefined ? 'over all layers' : `of the layer ${layer}`}.`); // prettier-ignore
}
