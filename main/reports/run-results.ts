import { allLayers } from '../../shared/domain/evaluation.ts';
import type { ArrayMap } from '../../shared/domain/arrays.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { TokenPooling } from '../../shared/scores/token-pooling.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { describeResult } from '../evaluation/describe-result.ts';
import { doubtsOfRun } from './run-doubts.ts';
import { readAnalysis } from '../runs/stored-analysis.ts';
import { pooledEvaluation } from '../runs/pooled-evaluation.ts';
import { isEvaluated, readEvaluation } from '../runs/stored-evaluations.ts';
import { describedNetwork, knownModel } from '../models/known-network.ts';
import type { ModelFacts } from '../models/model-in.ts';
import { checkFileName } from '../storage/file-name.ts';
import { parseNpy } from '../storage/npy.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { readScores } from '../storage/run-folder.ts';
import { pathOf, within } from '../storage/within-folder.ts';
import { taskRegistry } from '../tasks/index.ts';
import { anomalousWord } from '../tasks/task.ts';
import { numbered } from '../../shared/format.ts';

/** Where the results of a run are, and the classifier that it trained or looks at. */
export interface RunFolders {
  folder: string;
  /** null if it is not known. */
  classifier: string | null;
  /** Triggers in training and test where these are not the same, in words. */
  triggers: { trained: string; tested: string } | null;
  /** How the scores of tokens are put together, where each was scored on its own; as the run did unless given. */
  pooling?: TokenPooling | undefined;
}

/**
 * Returns the result of an evaluated run; null if it has not been evaluated. @throws CupbearerError `bad-data` for a
 * damaged file.
 */
export function runResult({ folder, classifier, triggers, pooling }: RunFolders): RunResult | null {
  if (!isEvaluated(folder)) return null;
  const pooled = pooling === undefined ? undefined : pooledEvaluation(folder, pooling);
  const { layers, about } = pooled?.evaluation ?? readEvaluation(folder);
  const combined = about.detector?.['layer_aggregation'];
  const aggregation = typeof combined === 'string' ? combined : 'mean';
  const network = knownModel(classifier);
  const words = resultWords(network, about.task, about.detector);
  const metrics = layers[allLayers];
  const { headline, sentence } = describeResult(layers, aggregation, words);
  return {
    layers,
    headline,
    attack: about.attack ?? null,
    thresholds: about.thresholds ?? null,
    sentence,
    doubts: metrics
      ? doubtsOfRun({
          about,
          metrics,
          scores: pooled?.scores.layers.get(allLayers) ?? aggregateOf(folder),
          classifier,
          triggers,
        })
      : [],
    words,
    aggregation,
    analysis: readAnalysis(folder),
  };
}

/** Scores over all layers; null where they are gone, which keeps nobody from reading the rest. */
function aggregateOf(folder: string): Float32Array | null {
  try {
    return readScores(folder).layers.get(allLayers) ?? null;
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}

function resultWords(
  network: ModelFacts | null,
  task: Picked | undefined,
  detector: Picked | undefined,
): RunResult['words'] {
  const definition = task && taskRegistry.has(task.name) ? taskRegistry.get(task.name) : undefined;
  const title = detector && detectorRegistry.has(detector.name) ? detectorRegistry.get(detector.name).title : 'Anomaly';
  return { samples: samplesWord(network), anomalous: anomalousWord(definition), score: `${title}: score` };
}

function samplesWord(network: ModelFacts | null): string {
  if (network?.vocabulary !== undefined) return 'Texts';
  return network?.inputShape.length === 3 ? 'Images' : 'Samples';
}

/** The scores of a run, by name as the contract packs them. */
export interface RunScores {
  /** The score over all layers first, then in the order of the network as far as that is known. */
  layers: string[];
  classes: string[] | null;
  arrays: ArrayMap;
}

/** Reads all scores of a run. @throws CupbearerError `not-found`, `bad-data`. */
export function runScores({ folder, classifier, pooling }: Omit<RunFolders, 'triggers'>): RunScores {
  const { layers, labels, sampleIndex, trueClass, predictedClass } =
    pooling === undefined ? readScores(folder) : pooledEvaluation(folder, pooling).scores;
  const known = describedNetwork(classifier)?.layers.map(({ activation }) => activation) ?? [];
  const order = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  const names = [...layers.keys()].sort(
    (a, b) => Number(b === allLayers) - Number(a === allLayers) || order(a) - order(b),
  );
  const arrays: ArrayMap = {
    ...Object.fromEntries(names.map((name) => [`layer/${name}`, layers.get(name)!])),
    labels,
    sample_index: sampleIndex,
    ...(trueClass ? { true_class: trueClass } : {}),
    ...(predictedClass ? { predicted_class: predictedClass } : {}),
  };
  return { layers: names, classes: knownModel(classifier)?.classes.slice() ?? null, arrays };
}

/** Of a few thousand samples two coordinates each are stored. */
const mostPlaneBytes = 2 ** 20;

/** Activations of a layer in the plane: places in the score arrays `[m]` and coordinates `[m, 2]`. */
export interface ActivationPlane {
  positions: Int32Array;
  points: Float32Array;
}

/** Reads coordinates of a layer's activations in the plane. @throws CupbearerError `not-found`, `bad-data`. */
export function activationPlane(folder: string, layer: string): ActivationPlane {
  const read = (name: string) => {
    const place = within(folder, 'analysis', `${checkFileName(name, 'Layer name')}.npy`);
    const path = pathOf(place);
    return { path, ...parseNpy(readFileBytes(place, mostPlaneBytes), path) };
  };
  const [positions, points] = [read('points'), read(layer)];
  if (!(positions.data instanceof Int32Array) || !(points.data instanceof Float32Array))
    throw new CupbearerError('bad-data', `"${points.path}" does not hold coordinates.`);
  if (points.data.length !== 2 * positions.data.length)
    throw new CupbearerError(
      'bad-data',
      `"${points.path}" has ${numbered(points.data.length, 'value')}, expected two for each of ${numbered(positions.data.length, 'sample')}.`,
    );
  return { positions: positions.data, points: points.data };
}
