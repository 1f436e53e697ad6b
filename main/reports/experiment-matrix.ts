import type { ClassifierStrip } from '../../shared/domain/experiment-view.ts';
import type { CellSeed, MatrixCell, MatrixMetric, ResultMatrix } from '../../shared/domain/result-matrix.ts';
import { allLayers } from '../../shared/domain/evaluation.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatPercent } from '../../shared/format.ts';
import type { Suspicion } from '../../shared/domain/suspicion.ts';
import { scoreTies, suspicions } from '../../shared/suspicions.ts';
import { figureOverSeeds, type FigureOverSeeds } from '../evaluation/across/across-seeds.ts';
import { metricFigures } from '../evaluation/across/metric-figures.ts';
import type {
  CellRun,
  MatrixColumn,
  MatrixSubject,
  MatrixSubjectCell,
  SeedRun,
} from '../experiments/matrix-subject.ts';
import { readScores } from '../storage/run-folder.ts';

/** A matrix with what stands at its head. */
interface ExperimentMatrix {
  matrix: ResultMatrix;
  strip: ClassifierStrip[];
}

/** Share of attacks that must succeed for a task to be about detecting them. */
const leastSuccess = 0.5;

/** Puts the results of an experiment together, as far as they are there. */
export function experimentMatrix(subject: MatrixSubject, metric: MatrixMetric): ExperimentMatrix {
  const strip = subject.columns.map(stripOf);
  return {
    strip,
    matrix: {
      title: subject.title,
      metric,
      aggregation: 'aggregate over layers',
      seeds: [...subject.seeds],
      tasks: subject.columns.map(({ label }, column) => ({ label, notCounted: failedAttack(strip[column]!) })),
      detectors: subject.rows.map(({ label, sees, isSkyline }) => ({ label, sees, isSkyline })),
      cells: subject.cells.map((row) => row.map((cell, column) => cellOf(cell, subject.columns[column]!, metric))),
    },
  };
}

/** Why the figures of a task say nothing about detection. */
function failedAttack({ attackSuccess }: ClassifierStrip): string | null {
  if (attackSuccess === null || attackSuccess >= leastSuccess) return null;
  return `Its attack failed: ${formatPercent(attackSuccess)} success.`;
}

function stripOf({ classifiers }: MatrixColumn): ClassifierStrip {
  const seeds = classifiers.map(({ seed, run }) => ({
    seed,
    run: run?.id ?? null,
    state: stateOf(run),
    progress: run?.progress ?? null,
    cleanAccuracy: run?.metrics['clean_accuracy'] ?? null,
    attackSuccess: run?.metrics['attack_success'] ?? null,
    reason: run?.reason ?? null,
  }));
  const strip = {
    cleanAccuracy: meanOfKnown(seeds.map(({ cleanAccuracy }) => cleanAccuracy)),
    attackSuccess: meanOfKnown(seeds.map(({ attackSuccess }) => attackSuccess)),
    seeds,
  };
  const { cleanAccuracy: accuracy, attackSuccess: success } = strip;
  return {
    ...strip,
    warnings: suspicions({
      ...(success === null ? {} : { attack: { aim: 'label' as const, success } }),
      ...(accuracy === null ? {} : { classifier: { accuracy } }),
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

function cellOf(cell: MatrixSubjectCell, column: MatrixColumn, metric: MatrixMetric): MatrixCell {
  const seeds = cell.seeds.map((each) => seedOf(each, column, metric));
  const done = cell.seeds.filter(({ run }, i) => run && seeds[i]!.value !== null).map(({ run }) => run!);
  const figure = done.length === 0 ? undefined : figureOf(done, metric);
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
    warnings: figure && metric === 'auroc' ? doubtsOf(figure, done) : [],
  };
}

/** What must be known before an AUROC is believed. */
function doubtsOf({ mean, lower, upper }: FigureOverSeeds, [first]: readonly CellRun[]): string[] {
  if (!first) return [];
  return remembered(knownDoubts, `${first.id} ${first.folder} ${mean} ${lower} ${upper}`, () => {
    const { scores, labels } = scoresOf(first.folder);
    const anomalous = labels.reduce((sum, label) => sum + label, 0);
    const detection = { auroc: mean, lower, upper, clean: labels.length - anomalous, anomalous };
    return suspicions({ detection, scores: scoreTies(scores) }).map(cellWords);
  });
}

function seedOf({ seed, run }: SeedRun, { classifiers }: MatrixColumn, metric: MatrixMetric): CellSeed {
  const none = { seed, run: run?.id ?? null, progress: run?.progress ?? null, value: null, lower: null, upper: null };
  const state = stateOf(run);
  if (state === 'done' && run) {
    try {
      return { ...none, state, ...figureOfRun(run, metric), reason: null };
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

/** What was computed before, by runs and metric: while an experiment goes on, its page is asked for again and again. */
const known = new Map<string, FigureOverSeeds>();
const knownOfRuns = new Map<string, Pick<CellSeed, 'value' | 'lower' | 'upper'>>();
const knownDoubts = new Map<string, string[]>();
const mostKnown = 20_000;

function remembered<T>(store: Map<string, T>, key: string, compute: () => T): T {
  const found = store.get(key);
  if (found !== undefined) return found;
  const value = compute();
  if (store.size >= mostKnown) store.clear();
  store.set(key, value);
  return value;
}

function figureOfRun({ id, folder }: CellRun, metric: MatrixMetric): Pick<CellSeed, 'value' | 'lower' | 'upper'> {
  return remembered(knownOfRuns, `${metric} ${id} ${folder}`, () => {
    const { scores, labels } = scoresOf(folder);
    const { value, lower, upper } = metricFigures[metric].interval(scores, labels);
    return { value, lower, upper };
  });
}

function figureOf(runs: readonly CellRun[], metric: MatrixMetric): FigureOverSeeds {
  const key = `${metric} ${runs.map(({ id, folder }) => `${id} ${folder}`).join(' ')}`;
  return remembered(known, key, () =>
    figureOverSeeds(
      metric,
      runs.map(({ folder }) => scoresOf(folder)),
    ),
  );
}

/** The aggregate's scores of a run. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
function scoresOf(folder: string): { scores: Float32Array; labels: Uint8Array; groups: Int32Array } {
  const { layers, labels, sampleIndex } = readScores(folder);
  const scores = layers.get(allLayers);
  if (scores) return { scores, labels, groups: sampleIndex };
  throw new CupbearerError('bad-data', `"${folder}" has no scores over all layers.`);
}
