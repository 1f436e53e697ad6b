import { existsSync } from 'node:fs';
import { csvText } from '../../shared/csv.ts';
import { allLayers, type LayerMetrics } from '../../shared/domain/evaluation.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { delongTestOf, placements, type DelongTest, type Placements } from '../evaluation/delong.ts';
import { midRanks, rankCorrelation } from '../evaluation/rank-correlation.ts';
import { evaluationFile } from '../runs/evaluation-file.ts';
import { trainDetector } from '../runs/train-detector.ts';
import { readScores } from '../storage/run-folder.ts';
import { isEvaluated, readEvaluation } from '../runs/stored-evaluations.ts';
import { parameterLabels } from '../runs/spec-lines.ts';
import { numbered } from '../../shared/format.ts';
import { command, worded } from '../../shared/wording.ts';

/** A run that is to be compared. */
export interface EvaluatedRun {
  id: string;
  title: string;
  folder: string;
}

/** A run that is compared, with its score over all layers. */
interface ComparedRun extends EvaluatedRun {
  /** Id of the detector. */
  detector: string;
  /** Of the score over all layers, on all of the run's own test samples. */
  metrics: LayerMetrics;
}

/** What the runs were asked for and not all alike: one value a run, undefined if it has no such parameter. */
interface SpecDifference {
  /** "detector.relative". */
  key: string;
  /** What people call it, from the outside in: "Detector", "Relative". */
  labels: string[];
  values: unknown[];
}

/** Two runs on the samples that both have scored. */
export interface ComparedPair {
  /** Places among the runs. */
  a: number;
  b: number;
  /** Samples that both have scored. */
  shared: number;
  /** Why the rest is null, where it is. */
  reason: string | null;
  /** DeLong's paired test of AUROC, a minus b. */
  test: DelongTest | null;
  /** Rank correlation of both scores; null, too, if one does not vary. */
  spearman: number | null;
}

/**
 * Test samples of runs on the same test data that any of these has scored, clean ones first, by index; all arrays are
 * `[n]`.
 */
export interface ComparedSamples {
  /** Places of these runs among those that are compared: two or more. */
  runs: number[];
  sampleIndex: Int32Array;
  /** 1 = anomalous. */
  labels: Uint8Array;
  /** One for each of these runs, NaN if it has not scored the sample. */
  scores: Float32Array[];
}

export interface RunComparison {
  runs: ComparedRun[];
  differences: SpecDifference[];
  pairs: ComparedPair[];
  /** One for each set of test data that two or more of the runs share, that of most runs first. */
  samples: ComparedSamples[];
}

/** A run with what is needed to join it with others. */
interface LoadedRun {
  run: ComparedRun;
  asked: Record<string, unknown>;
  /** Fingerprints of the test data, by role. */
  testData: Record<string, string>;
  /** Score over all layers, label (1 = anomalous) and index of each sample, `[n]`. */
  scores: Float32Array;
  labels: Uint8Array;
  sampleIndex: Int32Array;
  /** What each sample is called in every run, `[n]`, and its place in these arrays by that name. */
  keys: readonly number[];
  places: Map<number, number>;
}

/**
 * Compares evaluated runs sample by sample: those with the same test data are joined by sample index and label. Of more
 * than `mostPaired` runs, only so many with the highest AUROC are paired.
 * @throws CupbearerError `usage` for fewer than two runs or one named twice, `not-found` for a run without a folder or
 * an evaluation.
 */
export function compareRuns(
  runs: readonly EvaluatedRun[],
  { mostPaired = Infinity }: { mostPaired?: number } = {},
): RunComparison {
  if (runs.length < 2)
    throw new CupbearerError('usage', `Comparing takes two runs or more, got ${runs.length}.`, {
      hint: worded`${command('npx cupbearer runs lists them.', 'The screen Runs lists them.')}`,
    });
  const loaded = runs.map(loadRun);
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new CupbearerError('usage', `The run ${twice} is named twice.`);
  const auroc = (place: number) => loaded[place]!.run.metrics.AUC_ROC;
  const paired = [...loaded.keys()]
    .sort((a, b) => auroc(b) - auroc(a))
    .slice(0, mostPaired)
    .sort((a, b) => a - b);
  const known = new Map<LoadedRun, Ranked>();
  const rankedOf = (run: LoadedRun): Ranked => {
    const ranked = known.get(run) ?? rank(run.scores, run.labels);
    known.set(run, ranked);
    return ranked;
  };
  const pairs = paired.flatMap((a, i) => paired.slice(i + 1).map((b) => comparePair(loaded, a, b, rankedOf)));
  return {
    runs: loaded.map(({ run }) => run),
    differences: specDifferences(loaded.map(({ asked }) => asked)),
    pairs,
    samples: sameData(loaded).map((places) => joinSamples(loaded, places)),
  };
}

/**
 * Returns CSV with a row a sample, a column a run: `sample_index,anomalous,<detector> <id>,...`, empty if a run has not
 * scored a sample. @throws CupbearerError `usage` if the runs do not share their test data.
 */
export function comparedSamplesCsv({ runs, samples }: RunComparison): string {
  const [shared] = samples;
  if (shared?.runs.length !== runs.length)
    throw new CupbearerError(
      'usage',
      'The runs are not on the same test samples, so their scores cannot be put side by side.',
    );
  const header = ['sample_index', 'anomalous', ...runs.map(({ detector, id }) => `${detector} ${id}`)];
  const { sampleIndex, labels, scores } = shared;
  const rows = Array.from(sampleIndex, (index, i) => [index, labels[i]!, ...scores.map((own) => cell(own[i]!))]);
  return csvText([header, ...rows]);
}

function cell(score: number): number | null {
  return Number.isNaN(score) ? null : score;
}

function loadRun({ id, title, folder }: EvaluatedRun): LoadedRun {
  if (!existsSync(folder))
    throw new CupbearerError('not-found', `The folder of the run ${id} is gone: ${folder}.`, {
      hint: 'Put it back, or repeat the run.',
    });
  if (!isEvaluated(folder))
    throw new CupbearerError(
      'not-found',
      `The run ${id} has no evaluation: there is no ${evaluationFile} in ${folder}.`,
      {
        hint: 'Runs of train-detector and eval-detector have one.',
      },
    );
  const { layers, about } = readEvaluation(folder);
  const metrics = layers[allLayers];
  const { layers: scores, labels, sampleIndex } = readScores(folder);
  const all = scores.get(allLayers);
  if (!metrics || !all || !about.detector)
    throw new CupbearerError(
      'bad-data',
      about.detector
        ? `The evaluation in ${folder} lacks the score over all layers, "${allLayers}".`
        : `The evaluation in ${folder} does not say which detector it is of.`,
    );

  const seen = new Map<number, number>();
  const places = new Map<number, number>();
  for (const [i, index] of sampleIndex.entries()) {
    // Test data of several parts may have an index more than once; such samples are told apart by their order.
    const name = index * 2 + labels[i]!;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    places.set(name * mostAlike + before, i);
  }
  return {
    run: { id, title, folder, detector: about.detector.name, metrics },
    asked: { detector: about.detector, task: about.task, seed: about.seed },
    testData: Object.fromEntries(Object.entries(about.fingerprints ?? {}).filter(([role]) => role.startsWith('test'))),
    scores: all,
    labels,
    sampleIndex,
    keys: [...places.keys()],
    places,
  };
}

/** Samples of one index and label that are told apart; with 32 bits for these, names of samples stay whole numbers. */
const mostAlike = 2 ** 20;

const roleWords: Record<string, string> = { test_clean: 'clean', test_anomalous: 'anomalous' };

/** Why two runs do not share test data, or null if they do. */
function foreignData(a: LoadedRun, b: LoadedRun): string | null {
  const roles = [...new Set([...Object.keys(a.testData), ...Object.keys(b.testData)])];
  if (roles.length === 0) return 'their evaluations do not say what the test data are';
  const differing = roles.filter((role) => a.testData[role] !== b.testData[role]);
  const words = differing.map((role) => roleWords[role] ?? role.replaceAll('_', ' '));
  return words.length === 0 ? null : `their test data differ (${words.join(' and ')} samples)`;
}

/** Places of the runs that share their test data, by these; those of most runs first. */
function sameData(loaded: readonly LoadedRun[]): number[][] {
  const groups: number[][] = [];
  for (const [place, run] of loaded.entries()) {
    const group = groups.find(([first]) => foreignData(loaded[first!]!, run) === null);
    if (group) group.push(place);
    else groups.push([place]);
  }
  return groups.filter(({ length }) => length > 1).sort((a, b) => b.length - a.length);
}

function comparePair(
  loaded: readonly LoadedRun[],
  a: number,
  b: number,
  rankedOf: (run: LoadedRun) => Ranked,
): ComparedPair {
  const [first, second] = [loaded[a]!, loaded[b]!];
  const without = (shared: number, reason: string) => ({ a, b, shared, reason, test: null, spearman: null });
  const foreign = foreignData(first, second);
  if (foreign !== null) return without(0, `They do not share samples: ${foreign}.`);
  const { keys, labels } = sharedSamples(first, second);
  if (keys.length === 0) return without(0, 'They do not share samples: other parts of the same test data were scored.');
  const anomalous = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(anomalous, keys.length - anomalous) < 2)
    return without(
      keys.length,
      `They share ${numbered(keys.length, 'sample')}, ${anomalous} of them anomalous; a paired test needs two of each class.`,
    );
  const ranked = (run: LoadedRun) =>
    isInOrder(run, keys)
      ? rankedOf(run)
      : rank(
          Float32Array.from(keys, (key) => run.scores[run.places.get(key)!]!),
          labels,
        );
  const [x, y] = [ranked(first), ranked(second)];
  return {
    a,
    b,
    shared: keys.length,
    reason: null,
    test: delongTestOf(x.placements, y.placements),
    spearman: rankCorrelation(x.ranks, y.ranks),
  };
}

/** What comparing needs of scores `[n]`: finding it takes sorting, which many pairs need not repeat. */
interface Ranked {
  placements: Placements;
  ranks: Float64Array;
}

function rank(scores: Float32Array, labels: Uint8Array): Ranked {
  return { placements: placements(scores, labels), ranks: midRanks(scores) };
}

/** Names of the samples that two runs have scored, and their labels, in the order of the first. */
function sharedSamples(first: LoadedRun, second: LoadedRun): { keys: readonly number[]; labels: Uint8Array } {
  if (isInOrder(second, first.keys)) return { keys: first.keys, labels: first.labels };
  const keys = first.keys.filter((key) => second.places.has(key));
  return { keys, labels: Uint8Array.from(keys, (key) => first.labels[first.places.get(key)!]!) };
}

/** Whether these samples are all of a run's, in its order. */
function isInOrder(run: LoadedRun, keys: readonly number[]): boolean {
  return keys === run.keys || (keys.length === run.keys.length && keys.every((key, i) => key === run.keys[i]));
}

function joinSamples(compared: readonly LoadedRun[], runs: number[]): ComparedSamples {
  const loaded = runs.map((place) => compared[place]!);
  // A sample's name is its index and label, whatever run it is from.
  const labelOf = (key: number) => Math.floor(key / mostAlike) % 2;
  const keys = Float64Array.from(new Set(loaded.flatMap(({ keys: own }) => own)));
  keys.sort((x, y) => labelOf(x) - labelOf(y) || x - y);
  return {
    runs,
    sampleIndex: Int32Array.from(keys, (key) => Math.floor(key / mostAlike / 2)),
    labels: Uint8Array.from(keys, labelOf),
    scores: loaded.map(({ scores, places }) =>
      Float32Array.from(keys, (key) => {
        const place = places.get(key);
        return place === undefined ? NaN : scores[place]!;
      }),
    ),
  };
}

/** Parameters by their path, "task.backdoor.name". */
function flatten(value: unknown, path: string, into: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    into.set(path, value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
}

function specDifferences(asked: readonly Record<string, unknown>[]): SpecDifference[] {
  const flat = asked.map((spec) => {
    const parameters = new Map<string, unknown>();
    flatten(spec, '', parameters);
    return parameters;
  });
  const keys = [...new Set(flat.flatMap((parameters) => [...parameters.keys()]))];
  return keys
    .map((key) => ({ key, values: flat.map((parameters) => parameters.get(key)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1)
    .map(({ key, values }) => ({ key, labels: labelsOf(key, asked), values }));
}

/** By the first run that has the parameter; what no definition knows (any more) goes by its key. */
function labelsOf(key: string, asked: readonly Record<string, unknown>[]): string[] {
  const path = key.split('.');
  for (const spec of asked) {
    const labels = parameterLabels(trainDetector, spec, path);
    if (labels) return [...labels];
  }
  return path;
}
