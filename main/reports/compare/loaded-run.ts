import { existsSync } from 'node:fs';
import { allLayers, type Evaluation, type LayerMetrics } from '../../../shared/domain/evaluation.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { aggregateLayers } from '../../evaluation/aggregate-layers.ts';
import { evaluateScores } from '../../evaluation/evaluate-scores.ts';
import { evaluationFile } from '../../runs/evaluation-file.ts';
import { isEvaluated, readEvaluation } from '../../runs/stored-evaluations.ts';
import { readScores } from '../../storage/run-folder.ts';

/** A run that is to be compared. */
export interface EvaluatedRun {
  id: string;
  title: string;
  folder: string;
  /** The same for runs that differ in their seeds alone, and these seeds in one line. */
  setting: string;
  seeds: string;
  /** Folder of the classifier that it looks at; null if it is not known. */
  classifier: string | null;
  /** Triggers in training and test where these are not the same, in words. */
  triggers: { trained: string; tested: string } | null;
}

/** A run with what is needed to join it with others. */
export interface LoadedRun extends EvaluatedRun {
  about: Evaluation['about'];
  detector: string;
  asked: Record<string, unknown>;
  /** Its own seed. */
  seed: number;
  /** Fingerprints of the test data, by role. */
  testData: Record<string, string>;
  /** Scores by layer, with the aggregate `all`, and their metrics. */
  layers: ReadonlyMap<string, Float32Array>;
  metrics: Readonly<Record<string, LayerMetrics>>;
  /** Label (1 = anomalous) and index of each sample, `[n]`. */
  labels: Uint8Array;
  sampleIndex: Int32Array;
  /** The group of each sample, `[n]`, where they are not independent. */
  groups: Int32Array | undefined;
  /** What each sample is called in every run, `[n]`, and its place in these arrays by that name. */
  keys: readonly number[];
  places: ReadonlyMap<number, number>;
}

/** The scores of a run that are compared, with their metrics; or why it has none of them. */
export type ChosenScores =
  | { layer: string; scores: Float32Array; metrics: LayerMetrics; reason: null }
  | { layer: null; scores: null; metrics: null; reason: string };

/** Samples of one index and label that are told apart; with 32 bits for these, names of samples stay whole numbers. */
const mostAlike = 2 ** 20;

/** The label and the index in the name of a sample. */
export const labelOfKey = (key: number) => Math.floor(key / mostAlike) % 2;
export const indexOfKey = (key: number) => Math.floor(key / mostAlike / 2);

/** @throws CupbearerError `not-found` for a run without a folder or an evaluation, `bad-data`. */
export function loadRun(run: EvaluatedRun): LoadedRun {
  const { id, folder } = run;
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
  const { layers: metrics, about } = readEvaluation(folder);
  const { layers, labels, sampleIndex, groups } = readScores(folder);
  if (!metrics[allLayers] || !layers.has(allLayers) || !about.detector)
    throw new CupbearerError(
      'bad-data',
      about.detector
        ? `The evaluation in ${folder} lacks the score over all layers, "${allLayers}".`
        : `The evaluation in ${folder} does not say which detector it is of.`,
    );
  const seen = new Map<number, number>();
  const places = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const name = 2 * sampleIndex[i]! + labels[i]!;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    places.set(name * mostAlike + before, i);
  }
  return {
    ...run,
    about,
    detector: about.detector.name,
    asked: { detector: about.detector, task: about.task, seed: about.seed },
    seed: about.seed ?? 0,
    testData: Object.fromEntries(Object.entries(about.fingerprints ?? {}).filter(([role]) => role.startsWith('test'))),
    layers,
    metrics,
    labels,
    sampleIndex,
    groups,
    keys: [...places.keys()],
    places,
  };
}

/** The layers of a run without the aggregate, in the order of its evaluation. */
export function ownLayers({ metrics, layers }: LoadedRun): string[] {
  return Object.keys(metrics).filter((layer) => layer !== allLayers && layers.has(layer));
}

/** The scores of a run at one layer, `all` for its aggregate. */
export function scoresAt(run: LoadedRun, layer: string): ChosenScores {
  const scores = run.layers.get(layer);
  const metrics = run.metrics[layer];
  if (scores && metrics) return { layer, scores, metrics, reason: null };
  return { layer: null, scores: null, metrics: null, reason: 'Does not look at this layer' };
}

/** The scores of a run with its layers combined as asked for, whatever it was asked for itself. */
export function scoresOver(run: LoadedRun, how: 'mean' | 'max'): ChosenScores {
  const layers = ownLayers(run);
  if (run.about.detector?.['layer_aggregation'] === how || layers.length === 0) return scoresAt(run, allLayers);
  if (layers.length === 1) return scoresAt(run, layers[0]!);
  const combined = aggregateLayers(Object.fromEntries(layers.map((layer) => [layer, run.layers.get(layer)!])), how);
  const scores = Float32Array.from(combined);
  return { layer: allLayers, scores, metrics: evaluateScores(scores, run.labels, run.groups), reason: null };
}

const roleWords: Record<string, string> = { test_clean: 'clean', test_anomalous: 'anomalous' };

/** Why two runs do not share test data, or null if they do. */
export function foreignData(a: Pick<LoadedRun, 'testData'>, b: Pick<LoadedRun, 'testData'>): string | null {
  const roles = [...new Set([...Object.keys(a.testData), ...Object.keys(b.testData)])];
  if (roles.length === 0) return 'their evaluations do not say what the test data are';
  const differing = roles.filter((role) => a.testData[role] !== b.testData[role]);
  const words = differing.map((role) => roleWords[role] ?? role.replaceAll('_', ' '));
  return words.length === 0 ? null : `their test data differ (${words.join(' and ')} samples)`;
}
