import { z } from 'zod';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { pick, type Picked } from '../../shared/schema/fields.ts';
import { explainFaults } from '../../shared/schema/problems.ts';
import type {
  DetectorContext,
  DetectorParams,
  DetectorState,
  FeatureStream,
  Features,
  LayerScores,
} from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { standardisationOf, type Standardisation } from '../evaluation/aggregate-layers.ts';
import { activationBatches, type ActivationBatch, type PoolingOptions } from '../models/activations.ts';
import type { Network } from '../models/network.ts';
import { readTensorFile, readTensorMetadata, writeTensorFile } from '../storage/tensor-file.ts';
import { pathOf, within, type Within } from '../storage/within-folder.ts';
import { offersOf, type DataPart, type Task, type TestPart } from '../tasks/task.ts';
import { RandomStream } from '../tensor/random.ts';
import type { RunContext } from './experiment.ts';
import { holdOut } from './held-out.ts';
import { planDetection } from './pairing.ts';
import { featureLayers, joinPositions, poolingOf, samplesPerText, splitPositions } from './positions.ts';

/** A detector with what it has learned, ready to score. */
export interface FittedDetector {
  spec: Picked;
  params: DetectorParams;
  state: DetectorState;
  /** Activations it looks at, in the order of the network. */
  layers: readonly string[];
  /** By what its layers' scores are standardised, where they are combined so. */
  standardisation?: Standardisation;
}

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
  /** Is shown every batch; `position` is the place of its first sample in the scores. */
  see(batch: ActivationBatch, part: TestPart, position: number): void;
}

/** Fits the detector that `spec` names on the task's data. */
export async function fitDetector(
  spec: Picked,
  task: Task,
  seed: number,
  batchSize: number,
  context: RunContext,
): Promise<FittedDetector> {
  const definition = detectorRegistry.get(spec.name);
  const params = spec as unknown as DetectorParams;
  const layers = planDetection(spec, { network: task.network, offers: offersOf(task) });
  const positions = samplesPerText(definition, params, task.network, layers);
  const { fitting: trusted, heldOut } =
    params.layer_aggregation === 'standardised-mean'
      ? holdOut(task.trusted, seed)
      : { fitting: task.trusted, heldOut: undefined };
  const streamOf = (part: DataPart & { anomalous?: Uint8Array }): FeatureStream => ({
    length: part.indices.length * positions,
    ...(part.anomalous ? { anomalous: eachRepeated(part.anomalous, positions) } : {}),
    batches: () =>
      counted(
        task.network,
        part,
        { ...poolingOf(params), names: layers, batchSize, logits: definition.needs.logits === true, positions },
        'Fitting',
        context,
      ),
  });
  const features: Features = {
    layers: featureLayers(definition, params, task.network, layers),
    trusted: streamOf(trusted),
    ...(task.untrusted ? { untrusted: streamOf(task.untrusted) } : {}),
  };
  const state = await definition.fit(features, params, detectorContext(spec, task.network, seed, context));
  const detector: FittedDetector = { spec, params, state, layers };
  if (!heldOut) return detector;
  const parts = [{ ...heldOut, anomalous: false }];
  const { layers: scores } = await scoreParts(detector, task.network, parts, seed, batchSize, 'Standardising', context);
  return { ...detector, standardisation: standardisationOf(Object.fromEntries(scores)) };
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
  options: PoolingOptions & { names: readonly string[]; batchSize: number; logits: boolean; positions: number },
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
 * Scores every test sample of the task, and shows the batches to an observer.
 * @throws CupbearerError `non-finite` naming the layer of a score that is no number.
 */
export function scoreTask(
  detector: FittedDetector,
  task: Task,
  seed: number,
  batchSize: number,
  context: RunContext,
  observer?: TestObserver,
): Promise<TaskScores> {
  return scoreParts(detector, task.network, task.test, seed, batchSize, 'Evaluating', context, observer);
}

/** Scores the samples of all parts, in order. */
async function scoreParts(
  detector: FittedDetector,
  network: Network,
  parts: readonly TestPart[],
  seed: number,
  batchSize: number,
  phase: string,
  context: RunContext,
  observer?: TestObserver,
): Promise<TaskScores> {
  const definition = detectorRegistry.get(detector.spec.name);
  const total = parts.reduce((sum, part) => sum + part.indices.length, 0);
  const scores: TaskScores = {
    layers: new Map(),
    labels: new Uint8Array(total),
    sampleIndex: new Int32Array(total),
  };
  const positions = samplesPerText(definition, detector.params, network, detector.layers);
  const detectorRun = detectorContext(detector.spec, network, seed, context);
  let done = 0;
  context.progress(phase, 0, total);
  for (const part of parts) {
    const options = {
      ...poolingOf(detector.params),
      names: [...new Set([...detector.layers, ...(observer?.names ?? [])])],
      batchSize,
      logits: definition.needs.logits === true,
      indices: part.indices,
      signal: context.signal,
    };
    for await (const batch of activationBatches(network, part.dataset, options)) {
      const own = { ...batch, layers: new Map(detector.layers.map((name) => [name, batch.layers.get(name)!])) };
      for (const [layer, values] of await scoreBatch(detector, own, positions, detectorRun)) {
        if (!scores.layers.has(layer)) scores.layers.set(layer, new Float32Array(total));
        scores.layers.get(layer)!.set(values, done);
      }
      scores.labels.fill(part.anomalous ? 1 : 0, done, done + batch.size);
      scores.sampleIndex.set(batch.indices, done);
      observer?.see(batch, part, done);
      done += batch.size;
      context.progress(phase, done, total);
    }
  }
  for (const [layer, values] of scores.layers) checkFinite(layer, values);
  return scores;
}

/** Scores of the samples of a batch, by layer. */
async function scoreBatch(
  { spec, params, state }: FittedDetector,
  batch: ActivationBatch,
  positions: number,
  context: DetectorContext,
): Promise<LayerScores> {
  const definition = detectorRegistry.get(spec.name);
  if (positions === 1) return definition.score(state, batch, context);
  const scores = await definition.score(state, splitPositions(batch, positions), context);
  return joinPositions(scores, positions, params.tokens === 'score-max' ? 'max' : 'mean');
}

function checkFinite(layer: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new CupbearerError('non-finite', `The score of test sample ${at} at ${layer} is ${values[at]}.`, {
    details: { layer, sample: at },
  });
}

const detectorFormat = '1';

/** Where a run keeps the detector that it has fitted. */
export function detectorFile(folder: string): Within {
  return within(folder, 'detector.safetensors');
}

/** Writes all that a detector has learned as `detector.safetensors`, its numbers and words as the file's metadata. */
export function writeDetector(folder: string, { spec, state, layers, standardisation }: FittedDetector): void {
  writeTensorFile(detectorFile(folder), state.tensors, {
    format: detectorFormat,
    spec: JSON.stringify(spec),
    layers: JSON.stringify(layers),
    values: JSON.stringify(state.values),
    ...(standardisation ? { standardisation: JSON.stringify(standardisation) } : {}),
  });
}

/** What stands in the metadata of a detector's file, each part as JSON. */
const metadataParts = {
  spec: pick(() => detectorRegistry, { label: 'Detector', help: 'The method' }),
  layers: z.array(z.string()),
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  standardisation: z.record(z.string(), z.object({ mean: z.number(), deviation: z.number() })),
};

/** Reads a detector written by {@link writeDetector}. @throws CupbearerError `not-found` or `bad-data`. */
export function readDetector(folder: string): FittedDetector {
  const place = detectorFile(folder);
  const file = pathOf(place);
  const { tensors, metadata } = readTensorFile(place);
  checkFormat(metadata, file);
  const spec = metadataPart(metadata, 'spec', file);
  return {
    spec,
    params: spec as unknown as DetectorParams,
    state: { tensors: tensors satisfies TensorMap, values: metadataPart(metadata, 'values', file) },
    layers: metadataPart(metadata, 'layers', file),
    ...(metadata['standardisation'] ? { standardisation: metadataPart(metadata, 'standardisation', file) } : {}),
  };
}

/** Returns the activations that the detector in `folder` looks at, without reading what it has learned. */
export function detectorLayers(folder: string): string[] {
  return metadataPartOf(folder, 'layers');
}

/** The name and parameters of the detector in `folder`, without reading what it has learned. */
export function readDetectorSpec(folder: string): Picked {
  return metadataPartOf(folder, 'spec');
}

function metadataPartOf<K extends keyof typeof metadataParts>(folder: string, key: K) {
  const place = detectorFile(folder);
  const file = pathOf(place);
  const metadata = readTensorMetadata(place);
  checkFormat(metadata, file);
  return metadataPart(metadata, key, file);
}

function checkFormat(metadata: Record<string, string>, file: string): void {
  if (metadata['format'] === detectorFormat) return;
  throw new CupbearerError(
    'bad-data',
    `${file} has format ${metadata['format'] ?? 'none'}; this program reads ${detectorFormat}.`,
  );
}

function metadataPart<K extends keyof typeof metadataParts>(
  metadata: Record<string, string>,
  key: K,
  file: string,
): z.output<(typeof metadataParts)[K]> {
  const lacks = (why: string) =>
    new CupbearerError('bad-data', `${file} does not hold a detector: its "${key}" cannot be read. ${why}`.trim());
  let value: unknown;
  try {
    value = parseBoundedJson(metadata[key]!);
  } catch {
    throw lacks('');
  }
  const parsed = metadataParts[key].safeParse(value);
  if (!parsed.success) throw lacks(explainFaults(parsed.error.issues, value));
  return parsed.data as z.output<(typeof metadataParts)[K]>;
}
