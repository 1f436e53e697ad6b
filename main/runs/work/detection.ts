import { CupbearerError } from '../../../shared/errors.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { given } from '../../../shared/given.ts';
import type {
  DetectorContext,
  DetectorDefinition,
  FeatureStream,
  Features,
  LayerScores,
  PickedDetector,
} from '../../detectors/detector.ts';
import { detectorRegistry } from '../../detectors/index.ts';
import { activationBatches, type ActivationBatch, type PassOptions } from '../../models/activations.ts';
import type { Scores } from '../../../shared/scores/ranked-scores.ts';
import { aggregateLayers, standardisationOf } from '../../evaluation/aggregate-layers.ts';
import type { Network } from '../../models/network.ts';
import { offersOf, type DataPart, type Task, type TestPart } from '../../tasks/task.ts';
import { RandomStream } from '../../tensor/random.ts';
import type { FittedDetector } from '../detector-file.ts';
import type { RunContext } from '../run-definition.ts';
import { holdOut } from './held-out.ts';
import { activationStore } from './kept-activations.ts';
import { MixedParts } from './mixed-parts.ts';
import { planDetection } from '../pairing.ts';
import { featureLayers, joinPositions, poolingOf, samplesPerText, splitPositions } from '../positions.ts';

/** Scores of all test samples of a task, in the order of its parts. */
export interface TaskScores {
  /** Per layer `[n]` in the type they are stored in, so that metrics can be recomputed exactly from the files. */
  layers: Map<string, Float32Array>;
  /** 1 = anomalous, `[n]`. */
  labels: Uint8Array;
  /** Index of each sample in the test dataset, `[n]`. */
  sampleIndex: Int32Array;
}

/** Looks on while test data are scored. */
export interface TestObserver {
  /** Activations it needs besides those of the detector. */
  names: readonly string[];
  /** Is shown some samples of one part; `positions` are their places in the scores, `[size]`. */
  see(batch: ActivationBatch, part: TestPart, positions: Int32Array): void;
}

/** Fits the detector that `spec` names on the task's data. */
export async function fitDetector(
  spec: PickedDetector,
  task: Task,
  seed: number,
  batchSize: number,
  context: RunContext,
): Promise<FittedDetector> {
  const definition = detectorRegistry.get(spec.name);
  const layers = planDetection(spec, { network: task.network, offers: offersOf(task) });
  const positions = samplesPerText(definition, spec, task.network, layers);
  const { fitting: trusted, heldOut } =
    spec.layer_aggregation === 'standardised-mean'
      ? holdOut(task.trusted, seed)
      : { fitting: task.trusted, heldOut: undefined };
  const store = await activationStore(task.network, context);
  const streamOf = (part: DataPart & { anomalous?: Uint8Array }): FeatureStream => ({
    length: part.indices.length * positions,
    ...given({ anomalous: part.anomalous && eachRepeated(part.anomalous, positions) }),
    batches: () =>
      counted(
        task.network,
        part,
        { ...poolingOf(spec), ...wanted(definition), names: layers, batchSize, positions, store },
        'Fitting',
        context,
      ),
  });
  const features: Features = {
    layers: featureLayers(definition, spec, task.network, layers),
    trusted: streamOf(trusted),
    ...given({ untrusted: task.untrusted && streamOf(task.untrusted) }),
  };
  const state = await definition.fit(features, spec, detectorContext(spec, task.network, seed, context));
  const detector: FittedDetector = { spec, state, layers };
  if (!heldOut) return detector;
  const parts = [{ ...heldOut, anomalous: false }];
  const { layers: scores } = await scoreParts(detector, task.network, parts, seed, batchSize, 'Standardising', context);
  return { ...detector, standardisation: standardisationOf(Object.fromEntries(scores)) };
}

/** What a detector wants of each batch besides activations. */
function wanted({ needs }: DetectorDefinition): { logits: boolean; inputs: boolean } {
  return { logits: needs.logits === true, inputs: needs.inputs === true };
}

function eachRepeated(values: Uint8Array, times: number): Uint8Array {
  return Uint8Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!);
}

function detectorContext(spec: Picked, network: Network, seed: number, { signal }: RunContext): DetectorContext {
  return { network, stream: RandomStream.from(seed, 'detector', spec.name), signal };
}

async function* counted(
  network: Network,
  part: DataPart,
  options: PassOptions & { positions: number },
  phase: string,
  context: RunContext,
) {
  const { signal } = context;
  let done = 0;
  context.progress(phase, 0, part.indices.length);
  for await (const batch of activationBatches(network, part.dataset, { ...options, indices: part.indices, signal })) {
    yield options.positions === 1 ? batch : splitPositions(batch, options.positions);
    done += batch.size;
    context.progress(phase, done, part.indices.length);
  }
}

/**
 * Scores every test sample of the task and passes the batches to the observers.
 * @throws CupbearerError `non-finite` naming the layer of a score that is no number.
 */
export function scoreTask(
  detector: FittedDetector,
  task: Task,
  seed: number,
  batchSize: number,
  context: RunContext,
  observers: readonly TestObserver[] = [],
): Promise<TaskScores> {
  return scoreParts(detector, task.network, task.test, seed, batchSize, 'Evaluating', context, observers);
}

/** Returns the aggregate scores `[n]` of trusted samples that the detector was not fitted on. @throws as {@link scoreTask}. */
export async function scoreHeldOut(
  detector: FittedDetector,
  task: Task,
  heldOut: DataPart,
  seed: number,
  batchSize: number,
  context: RunContext,
): Promise<Float32Array> {
  const parts = [{ ...heldOut, anomalous: false }];
  const { layers } = await scoreParts(detector, task.network, parts, seed, batchSize, 'Calibrating', context);
  return Float32Array.from(combinedScores(detector, layers));
}

/** The scores of all layers as one, `[n]`. */
export function combinedScores(detector: FittedDetector, layers: ReadonlyMap<string, Float32Array>): Scores {
  return aggregateLayers(Object.fromEntries(layers), detector.spec.layer_aggregation, {
    standardisation: detector.standardisation,
    layer: detector.spec.aggregation_layer,
  });
}

/** Scores the samples of all parts in mixed batches; the scores are in the parts' order. */
async function scoreParts(
  detector: FittedDetector,
  network: Network,
  parts: readonly TestPart[],
  seed: number,
  batchSize: number,
  phase: string,
  context: RunContext,
  observers: readonly TestObserver[] = [],
): Promise<TaskScores> {
  const definition = detectorRegistry.get(detector.spec.name);
  const mixed = new MixedParts(parts, seed);
  const total = mixed.positions.length;
  const ofPart = (of: (part: TestPart) => ArrayLike<number>) => parts.flatMap((part) => Array.from(of(part)));
  const scores: TaskScores = {
    layers: new Map(),
    labels: Uint8Array.from(ofPart(({ indices, anomalous }) => indices.map(() => (anomalous ? 1 : 0)))),
    sampleIndex: Int32Array.from(ofPart(({ indices }) => indices)),
  };
  const positionsPerText = samplesPerText(definition, detector.spec, network, detector.layers);
  const detectorRun = detectorContext(detector.spec, network, seed, context);
  let done = 0;
  context.progress(phase, 0, total);
  const options = {
    ...poolingOf(detector.spec),
    names: [...new Set([...detector.layers, ...observers.flatMap(({ names }) => names)])],
    batchSize,
    ...wanted(definition),
    indices: mixed.indices,
    nameOf: (index: number) => mixed.ownIndex(index),
    signal: context.signal,
    store: await activationStore(network, context),
  };
  for await (const batch of activationBatches(network, mixed.dataset, options)) {
    const positions = mixed.positions.subarray(done, done + batch.size);
    const own = { ...batch, layers: new Map(detector.layers.map((name) => [name, batch.layers.get(name)!])) };
    for (const [layer, values] of await scoreBatch(detector, own, positionsPerText, detectorRun)) {
      if (!scores.layers.has(layer)) scores.layers.set(layer, new Float32Array(total));
      const all = scores.layers.get(layer)!;
      positions.forEach((position, row) => (all[position] = values[row]!));
    }
    if (observers.length > 0)
      for (const { batch: seen, part, positions: places } of mixed.byPart(batch, positions))
        for (const observer of observers) observer.see(seen, part, places);
    done += batch.size;
    context.progress(phase, done, total);
  }
  for (const [layer, values] of scores.layers) checkFinite(layer, values);
  return scores;
}

/** Scores of the samples of a batch, by layer. */
async function scoreBatch(
  { spec, state }: FittedDetector,
  batch: ActivationBatch,
  positions: number,
  context: DetectorContext,
): Promise<LayerScores> {
  const definition = detectorRegistry.get(spec.name);
  if (positions === 1) return definition.score(state, batch, context);
  const scores = await definition.score(state, splitPositions(batch, positions), context);
  return joinPositions(scores, positions, spec.tokens === 'score-max' ? 'max' : 'mean');
}

function checkFinite(layer: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new CupbearerError('non-finite', `The score of test sample ${at} at ${layer} is ${values[at]}.`, {
    details: { layer, sample: at },
  });
}
