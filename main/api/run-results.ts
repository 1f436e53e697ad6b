import type { NetworkDescription } from '../../shared/domain/draft.ts';
import { parseAnalysis, type Analysis } from '../../shared/domain/analysis.ts';
import { packArrays, type ArrayMap } from '../../shared/domain/arrays.ts';
import { allLayers } from '../../shared/domain/evaluation.ts';
import type { RunResult } from '../../shared/domain/result.ts';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { describeResult } from '../evaluation/describe-result.ts';
import { analysisFile } from '../experiments/analysis.ts';
import { describeNetwork } from '../models/describe-network.ts';
import { readNetworkSpec } from '../models/files.ts';
import type { NetworkSpec } from '../models/network-outline.ts';
import { checkFileName } from '../storage/file-name.ts';
import { parseNpy } from '../storage/npy.ts';
import { readFileBytes, readJsonFile } from '../storage/read-file.ts';
import { readScores } from '../storage/run-folder.ts';
import { isThere, pathOf, within } from '../storage/within-folder.ts';
import { taskRegistry } from '../tasks/index.ts';
import { anomalousWord } from '../tasks/task.ts';
import { isEvaluated, readEvaluation } from './evaluations.ts';
import type { Workbench } from './workbench.ts';

/** The result of an evaluated run; null where it has not been evaluated. @throws CupbearerError `bad-data` for a damaged file. */
export function runResult(workbench: Workbench, record: RunRecord): RunResult | null {
  const { folder } = record;
  if (!isEvaluated(folder)) return null;
  const { layers, about } = readEvaluation(folder);
  const combined = about.detector?.['layer_aggregation'];
  const aggregation = typeof combined === 'string' ? combined : 'mean';
  const words = resultWords(workbench, record, about.task, about.detector);
  return {
    layers,
    ...describeResult(layers, aggregation, words),
    words,
    aggregation,
    analysis: readAnalysis(folder),
  };
}

/** The analysis in a run's folder, null where there is none. @throws CupbearerError `bad-data`. */
export function readAnalysis(folder: string): Analysis | null {
  const place = within(folder, analysisFile);
  return isThere(place) ? parseAnalysis(readJsonFile(place), pathOf(place)) : null;
}

function resultWords(
  workbench: Workbench,
  record: RunRecord,
  task: Picked | undefined,
  detector: Picked | undefined,
): RunResult['words'] {
  const definition = task && taskRegistry.has(task.name) ? taskRegistry.get(task.name) : undefined;
  const title = detector && detectorRegistry.has(detector.name) ? detectorRegistry.get(detector.name).title : 'Anomaly';
  return {
    samples: samplesWord(networkSpecOf(workbench, record)),
    anomalous: anomalousWord(definition),
    score: `${title}: score`,
  };
}

function samplesWord(spec: NetworkSpec | null): string {
  if (spec?.vocabulary !== undefined) return 'Texts';
  return spec?.inputShape.length === 3 ? 'Images' : 'Samples';
}

/** The model that a run trained or looks at; null where its folder or `model.json` is gone or cannot be read. */
export function networkSpecOf({ catalogue }: Workbench, { kind, folder, parents }: RunRecord): NetworkSpec | null {
  try {
    if (kind === 'classifier') return readNetworkSpec(folder);
    const classifier = parents.at(-1);
    const found = classifier === undefined ? undefined : catalogue.find(classifier);
    return found ? readNetworkSpec(found.folder) : null;
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}

/** The same for people; null also where its parts do not fit one another. */
export function networkOf(workbench: Workbench, record: RunRecord): NetworkDescription | null {
  const spec = networkSpecOf(workbench, record);
  try {
    return spec && describeNetwork(spec);
  } catch (error) {
    if (error instanceof CupbearerError) return null;
    throw error;
  }
}

/** A run's scores as `runs.scores` gives them. @throws CupbearerError `not-found`, `bad-data`. */
export function runScores(
  workbench: Workbench,
  record: RunRecord,
): { layers: string[]; classes: string[] | null; arrays: Blob } {
  const { layers, labels, sampleIndex, trueClass, predictedClass } = readScores(record.folder);
  // In the order of the network where that is known; files of a folder have none.
  const known = networkOf(workbench, record)?.layers.map(({ activation }) => activation) ?? [];
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
  const spec = networkSpecOf(workbench, record);
  return { layers: names, classes: spec && [...spec.classes], arrays: packArrays(arrays) };
}

/** Of a few thousand samples two coordinates each are stored. */
const mostPlaneBytes = 2 ** 26;

/** Coordinates of a layer's activations in the plane. @throws CupbearerError `not-found`, `bad-data`. */
export function activationPlane({ folder }: RunRecord, layer: string): { positions: Int32Array; points: Float32Array } {
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
      `"${points.path}" has ${points.data.length} values, expected two for each of ${positions.data.length} samples.`,
    );
  return { positions: positions.data, points: points.data };
}
