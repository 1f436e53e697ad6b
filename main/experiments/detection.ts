import { join } from 'node:path';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { DetectorContext, DetectorParams, DetectorState, FeatureStream, Features } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { activationBatches, activationDims, type PoolingOptions } from '../models/activations.ts';
import type { Network } from '../models/network.ts';
import { readTensorFile, writeTensorFile } from '../storage/tensor-file.ts';
import type { DataPart, Task } from '../tasks/task.ts';
import { RandomStream } from '../tensor/random.ts';
import type { RunContext } from './experiment.ts';

/** A detector with what it has learned, ready to score. */
export interface FittedDetector {
  spec: Picked;
  params: DetectorParams;
  state: DetectorState;
  /** Activations it looks at, in the order of the network. */
  layers: readonly string[];
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

/** The activations a detector looks at. @throws CupbearerError `usage` with the list for an unknown one. */
export function layersOf(params: DetectorParams, network: Network): string[] {
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
  const layers = layersOf(params, task.network);
  checkPairing(spec, task, layers);
  const streamOf = (part: DataPart & { anomalous?: Uint8Array }): FeatureStream => ({
    length: part.indices.length,
    ...(part.anomalous ? { anomalous: part.anomalous } : {}),
    batches: () => counted(task.network, part, layers, params, batchSize, 'Fitting', context),
  });
  const features: Features = {
    layers: layers.map((name) => ({ name, dims: activationDims(task.network, name, params) })),
    trusted: streamOf(task.trusted),
    ...(task.untrusted ? { untrusted: streamOf(task.untrusted) } : {}),
  };
  const state = await definition.fit(features, params, detectorContext(spec, task.network, seed, context));
  return { spec, params, state, layers };
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
  names: readonly string[],
  params: DetectorParams,
  batchSize: number,
  phase: string,
  context: RunContext,
) {
  const { signal } = context;
  let done = 0;
  context.progress(phase, 0, part.indices.length);
  for await (const batch of activationBatches(network, part.dataset, {
    ...poolingOf(params),
    names,
    batchSize,
    indices: part.indices,
    signal,
  })) {
    yield batch;
    done += batch.size;
    context.progress(phase, done, part.indices.length);
  }
}

/** Scores every test sample of the task. @throws CupbearerError `non-finite` naming the layer of a score that is no number. */
export async function scoreTask(
  detector: FittedDetector,
  task: Task,
  seed: number,
  batchSize: number,
  context: RunContext,
): Promise<TaskScores> {
  const definition = detectorRegistry.get(detector.spec.name);
  const total = task.test.reduce((sum, part) => sum + part.indices.length, 0);
  const scores: TaskScores = {
    layers: new Map(),
    labels: new Uint8Array(total),
    sampleIndex: new Int32Array(total),
  };
  const detectorRun = detectorContext(detector.spec, task.network, seed, context);
  let done = 0;
  context.progress('Evaluating', 0, total);
  for (const part of task.test) {
    const options = {
      ...poolingOf(detector.params),
      names: detector.layers,
      batchSize,
      indices: part.indices,
      signal: context.signal,
    };
    for await (const batch of activationBatches(task.network, part.dataset, options)) {
      for (const [layer, values] of await definition.score(detector.state, batch, detectorRun)) {
        if (!scores.layers.has(layer)) scores.layers.set(layer, new Float32Array(total));
        scores.layers.get(layer)!.set(values, done);
      }
      scores.labels.fill(part.anomalous ? 1 : 0, done, done + batch.size);
      scores.sampleIndex.set(batch.indices, done);
      done += batch.size;
      context.progress('Evaluating', done, total);
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
export function writeDetector(folder: string, { spec, state, layers }: FittedDetector): void {
  writeTensorFile(detectorFile(folder), state.tensors, {
    format: detectorFormat,
    spec: JSON.stringify(spec),
    layers: JSON.stringify(layers),
    values: JSON.stringify(state.values),
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
  };
}
