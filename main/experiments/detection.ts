import { join } from 'node:path';
import { unknownName } from '../../shared/definition.ts';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type {
  DetectorContext,
  DetectorDefinition,
  DetectorParams,
  DetectorState,
  FeatureStream,
  Features,
} from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { standardisationOf, type Standardisation } from '../evaluation/aggregate-layers.ts';
import { activationBatches, activationDims, type ActivationBatch, type PoolingOptions } from '../models/activations.ts';
import type { Network } from '../models/network.ts';
import { readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';
import type { DataPart, Task, TestPart } from '../tasks/task.ts';
import { RandomStream } from '../tensor/random.ts';
import type { RunContext } from './experiment.ts';
import { holdOut } from './held-out.ts';

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

/** The activations a detector looks at. @throws CupbearerError `usage` with the list for an unknown one. */
export function layersOf(params: DetectorParams, network: Network, { id, needs }: DetectorDefinition): string[] {
  if (needs.layers === 0) {
    if (!params.layers) return [];
    throw new CupbearerError(
      'usage',
      `The detector "${id}" looks at the network's output, not at activations; layers were given: ${params.layers.join(', ')}.`,
      { hint: 'Leave out --detector.layers.' },
    );
  }
  const names = params.layers ?? network.defaultActivations;
  for (const name of names) network.activationShape(name);
  return [...new Set(names)];
}

/** Refuses a detector that needs what the task does not offer. @throws CupbearerError `usage` with the reason. */
export function checkPairing(spec: Picked, task: Task, layers: readonly string[]): void {
  const { id, needs } = detectorRegistry.get(spec.name);
  const refuse = (reason: string, hint: string) => {
    throw new CupbearerError('usage', `The detector "${id}" ${reason}`, { hint });
  };
  if (needs.trusted && task.trusted.indices.length === 0)
    refuse('needs trusted data, and this task has none.', 'Raise --task.trusted_fraction.');
  if (needs.untrusted && !task.untrusted)
    refuse('needs untrusted data, and this task has none.', 'Lower --task.trusted_fraction below 1.');
  if (needs.anomalyLabels && !task.untrusted?.anomalous)
    refuse(
      'needs untrusted data that is labelled clean or anomalous, and this task has none.',
      'Take a task that labels its untrusted data.',
    );
  if (layers.length < (needs.layers ?? 1)) {
    refuse(
      `needs at least ${needs.layers} layers, and ${layers.length} were chosen.`,
      'Name more in --detector.layers.',
    );
  }
}

/** Refuses a way of combining layers that lacks its layer. @throws CupbearerError `usage`. */
function checkAggregation({ layer_aggregation, aggregation_layer }: DetectorParams, layers: readonly string[]): void {
  if (layer_aggregation !== 'layer') {
    if (aggregation_layer === undefined) return;
    throw new CupbearerError('usage', `aggregation_layer is given, but layers are combined by ${layer_aggregation}.`, {
      hint: 'Set --detector.layer_aggregation layer.',
    });
  }
  if (aggregation_layer === undefined) {
    throw new CupbearerError('usage', 'Combining layers by "layer" takes the name of one.', {
      hint: `Set --detector.aggregation_layer to one of: ${layers.join(', ')}.`,
    });
  }
  if (layers.length > 0 && !layers.includes(aggregation_layer)) {
    throw new CupbearerError('usage', unknownName('layer', aggregation_layer, layers));
  }
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
  const layers = layersOf(params, task.network, definition);
  checkPairing(spec, task, layers);
  checkAggregation(params, layers);
  const { fitting: trusted, heldOut } =
    params.layer_aggregation === 'standardised-mean'
      ? holdOut(task.trusted, seed)
      : { fitting: task.trusted, heldOut: undefined };
  const streamOf = (part: DataPart & { anomalous?: Uint8Array }): FeatureStream => ({
    length: part.indices.length,
    ...(part.anomalous ? { anomalous: part.anomalous } : {}),
    batches: () =>
      counted(
        task.network,
        part,
        { ...poolingOf(params), names: layers, batchSize, logits: definition.needs.logits === true },
        'Fitting',
        context,
      ),
  });
  const features: Features = {
    layers: layers.map((name) => ({ name, dims: activationDims(task.network, name, params) })),
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

function poolingOf({ pooling, tokens, token_position }: DetectorParams): PoolingOptions {
  return { pooling, tokens, token_position };
}

function detectorContext(spec: Picked, network: Network, seed: number, { signal }: RunContext): DetectorContext {
  return { network, stream: RandomStream.from(seed, 'detector', spec.name), signal };
}

async function* counted(
  network: Network,
  part: DataPart,
  options: PoolingOptions & { names: readonly string[]; batchSize: number; logits: boolean },
  phase: string,
  context: RunContext,
) {
  const { signal } = context;
  let done = 0;
  context.progress(phase, 0, part.indices.length);
  for await (const batch of activationBatches(network, part.dataset, { ...options, indices: part.indices, signal })) {
    yield batch;
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
      for (const [layer, values] of await definition.score(detector.state, own, detectorRun)) {
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

function checkFinite(layer: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new CupbearerError('non-finite', `The score of test sample ${at} at ${layer} is ${values[at]}.`, {
    details: { layer, sample: at },
  });
}

const detectorFormat = '1';

export function detectorFile(folder: string): string {
  return join(folder, 'detector.safetensors');
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

/** Reads a detector written by {@link writeDetector}. @throws CupbearerError `not-found` or `bad-data`. */
export function readDetector(folder: string): FittedDetector {
  const file = detectorFile(folder);
  const { tensors, metadata } = readTensorFile(file);
  if (metadata['format'] !== detectorFormat) {
    throw new CupbearerError(
      'bad-data',
      `${file} has format ${metadata['format'] ?? 'none'}; this program reads ${detectorFormat}.`,
    );
  }
  const part = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key]!) as unknown;
    } catch (cause) {
      throw new CupbearerError('bad-data', `${file} does not hold a detector: its "${key}" cannot be read.`, { cause });
    }
  };
  const spec = part('spec') as Picked;
  return {
    spec,
    params: spec as unknown as DetectorParams,
    state: { tensors: tensors satisfies TensorMap, values: part('values') as DetectorState['values'] },
    layers: part('layers') as string[],
    ...(metadata['standardisation'] ? { standardisation: part('standardisation') as Standardisation } : {}),
  };
}
