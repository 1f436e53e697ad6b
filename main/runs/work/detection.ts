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
import type { ActivationSource } from '../../models/activation-source.ts';
import { activationBatches, type ActivationBatch, type PassOptions } from '../../models/activations.ts';
import type { Scores } from '../../../shared/scores/ranked-scores.ts';
import { aggregateLayers, standardisationOf } from '../../evaluation/aggregate-layers.ts';
import { offersOf, type DataPart, type Task, type TestPart } from '../../tasks/task.ts';
import { keepsTokenScores, type TokenScores } from '../../storage/token-scores.ts';
import { RandomStream } from '../../tensor/random.ts';
import type { FittedDetector } from '../detector-file.ts';
import type { RunContext } from '../run-definition.ts';
import { holdOut } from './held-out.ts';
import { activationStore } from './kept-activations.ts';
import { MixedParts } from './mixed-parts.ts';
import { planDetection } from '../pairing.ts';
import {
  checkTokens,
  featureLayers,
  joinTokens,
  poolingOf,
  scoresPositions,
  splitTokens,
  tokenPoolingOf,
} from '../positions.ts';

/** Scores of all test samples of a task, in the order of its parts. */
export interface TaskScores {
  /** Per layer `[n]` in the type they are stored in, so that metrics can be recomputed exactly from the files. */
  layers: Map<string, Float32Array>;
  /** 1 = anomalous, `[n]`. */
  labels: Uint8Array;
  /** Index of each sample in the test dataset, `[n]`. */
  sampleIndex: Int32Array;
  /** The group of each sample, `[n]`, where they are not independent. */
  groups?: Int32Array;
  /** Of single tokens, where each was scored on its own and they are few enough to be kept. */
  tokens?: TokenScores;
}

/** Looks on while test data are scored. */
export interface TestObserver {
  /** Activations it looks at, whether the detector does or not. */
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
  const { source } = task;
  const layers = planDetection(spec, { source, offers: offersOf(task) });
  const countsOf = tokenCounter(spec, source, layers);
  const { fitting: trusted, heldOut } =
    spec.layer_aggregation === 'standardised-mean'
      ? holdOut(task.trusted, seed)
      : { fitting: task.trusted, heldOut: undefined };
  const store = await activationStore(source, context);
  const streamOf = (part: DataPart & { anomalous?: Uint8Array }): FeatureStream => {
    const counts = countsOf?.(part);
    return {
      length: counts ? counts.reduce((sum, count) => sum + count, 0) : part.indices.length,
      ...given({ anomalous: part.anomalous && (counts ? eachRepeated(part.anomalous, counts) : part.anomalous) }),
      batches: () =>
        counted(
          source,
          part,
          { ...poolingOf(spec), ...wanted(definition), names: layers, batchSize, countsOf, store },
          'Fitting',
          context,
        ),
    };
  };
  const features: Features = {
    layers: featureLayers(spec, source, layers),
    trusted: streamOf(trusted),
    ...given({ untrusted: task.untrusted && streamOf(task.untrusted) }),
  };
  const state = await definition.fit(features, spec, detectorContext(spec, source, seed, context));
  const detector: FittedDetector = { spec, state, layers };
  if (!heldOut) return detector;
  const parts = [{ ...heldOut, anomalous: false }];
  const { layers: scores } = await scoreParts(detector, source, parts, seed, batchSize, 'Standardising', context);
  return { ...detector, standardisation: standardisationOf(Object.fromEntries(scores)) };
}

/** What a detector wants of each batch besides activations. */
function wanted({ needs }: DetectorDefinition): { logits: boolean; inputs: boolean } {
  return { logits: needs.logits === true, inputs: needs.inputs === true };
}

type Asked = Pick<DataPart, 'dataset' | 'indices'>;

/** Returns what counts the tokens of samples, if each token is scored on its own. */
function tokenCounter(
  spec: PickedDetector,
  source: ActivationSource,
  [layer]: readonly string[],
): ((asked: Asked) => Int32Array) | undefined {
  return scoresPositions(spec) && layer !== undefined ? (asked) => source.tokenCounts(layer, asked) : undefined;
}

function eachRepeated(values: Uint8Array, counts: Int32Array): Uint8Array {
  const repeated = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const [i, value] of values.entries()) repeated.fill(value, at, (at += counts[i]!));
  return repeated;
}

function detectorContext(
  spec: Picked,
  { network, inputShape }: ActivationSource,
  seed: number,
  { signal, ...run }: RunContext,
): DetectorContext {
  return {
    stream: RandomStream.from(seed, 'detector', spec.name),
    signal,
    seed,
    inputShape,
    log: (message) => run.log(message),
    progress: (phase, done, total) => run.progress(phase, done, total),
    ...given({ network }),
  };
}

async function* counted(
  source: ActivationSource,
  part: DataPart,
  { countsOf, ...options }: PassOptions & { countsOf: ((asked: Asked) => Int32Array) | undefined },
  phase: string,
  context: RunContext,
) {
  const { signal } = context;
  let done = 0;
  context.progress(phase, 0, part.indices.length);
  for await (const batch of activationBatches(source, part.dataset, { ...options, indices: part.indices, signal })) {
    yield countsOf ? splitTokens(batch, countsOf({ dataset: part.dataset, indices: batch.indices })) : batch;
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
  return scoreParts(detector, task.source, task.test, seed, batchSize, 'Evaluating', context, observers);
}

/** Returns the aggregate scores `[n]` of trusted samples that the detector was not fitted on, and those of their tokens. @throws as {@link scoreTask}. */
export async function scoreHeldOut(
  detector: FittedDetector,
  task: Task,
  heldOut: DataPart,
  seed: number,
  batchSize: number,
  context: RunContext,
): Promise<{ scores: Float32Array; tokens?: TokenScores }> {
  const parts = [{ ...heldOut, anomalous: false }];
  const { layers, tokens } = await scoreParts(detector, task.source, parts, seed, batchSize, 'Calibrating', context);
  return { scores: Float32Array.from(combinedScores(detector, layers)), ...given({ tokens }) };
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
  source: ActivationSource,
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
    ...given({ groups: groupsOf(parts) }),
  };
  checkTokens(definition, detector.spec, source, detector.layers);
  const countsOf = tokenCounter(detector.spec, source, detector.layers);
  const tokens = countsOf && new TokenCollector(mixed, countsOf(mixed), detector.layers);
  const seen = [...new Set(observers.flatMap(({ names }) => names))];
  const detectorRun = detectorContext(detector.spec, source, seed, context);
  let done = 0;
  context.progress(phase, 0, total);
  const options = {
    ...poolingOf(detector.spec),
    names: [...new Set([...detector.layers, ...seen])],
    batchSize,
    ...wanted(definition),
    indices: mixed.indices,
    nameOf: (index: number) => mixed.ownIndex(index),
    signal: context.signal,
    store: await activationStore(source, context),
  };
  for await (const batch of activationBatches(source, mixed.dataset, options)) {
    const positions = mixed.positions.subarray(done, done + batch.size);
    const own = { ...batch, layers: new Map(detector.layers.map((name) => [name, batch.layers.get(name)!])) };
    const counts = countsOf?.({ dataset: mixed.dataset, indices: batch.indices });
    const keep = (each: LayerScores) => tokens?.take(each, positions);
    for (const [layer, values] of await scoreBatch(detector, own, counts, detectorRun, keep)) {
      if (!scores.layers.has(layer)) scores.layers.set(layer, new Float32Array(total));
      const all = scores.layers.get(layer)!;
      positions.forEach((position, row) => (all[position] = values[row]!));
    }
    if (observers.length > 0) {
      const shown = { ...batch, layers: new Map(seen.map((name) => [name, batch.layers.get(name)!])) };
      for (const { batch: rows, part, positions: places } of mixed.byPart(shown, positions))
        for (const observer of observers) observer.see(rows, part, places);
    }
    done += batch.size;
    context.progress(phase, done, total);
  }
  for (const [layer, values] of scores.layers) checkFinite(layer, values);
  if (tokens && !tokens.kept) context.log?.('Scores of single tokens are not kept: there are too many.');
  return { ...scores, ...given({ tokens: tokens?.kept }) };
}

/** The group of each sample of all parts in turn; undefined where each is on its own. */
function groupsOf(parts: readonly TestPart[]): Int32Array | undefined {
  if (parts.some(({ groupOf }) => !groupOf)) return undefined;
  const groups = Int32Array.from(parts.flatMap(({ indices, groupOf }) => Array.from(indices, groupOf!)));
  return new Set(groups).size < groups.length ? groups : undefined;
}

/** Puts the scores of tokens in the order of the parts. */
class TokenCollector {
  /** Undefined where they are too many. */
  readonly kept: TokenScores | undefined;
  /** Where the tokens of each text begin, and where the last ones end. */
  readonly #starts: Float64Array;

  /** `counts` are those of the samples in the order of mixing. */
  constructor({ positions }: MixedParts, counts: Int32Array, layers: readonly string[]) {
    const own = new Int32Array(counts.length);
    positions.forEach((position, i) => (own[position] = counts[i]!));
    this.#starts = new Float64Array(own.length + 1);
    own.forEach((count, i) => (this.#starts[i + 1] = this.#starts[i]! + count));
    const total = this.#starts[own.length]!;
    if (keepsTokenScores(layers, total)) this.kept = { counts: own, layers: new Map() };
  }

  /** Takes those of the texts at `positions`, one after another. */
  take(scores: LayerScores, positions: Int32Array): void {
    if (!this.kept) return;
    const { layers, counts } = this.kept;
    for (const [layer, values] of scores) {
      if (!layers.has(layer)) layers.set(layer, new Float32Array(this.#starts[counts.length]!));
      const all = layers.get(layer)!;
      let at = 0;
      for (const position of positions) {
        const end = at + counts[position]!;
        all.set(values.subarray(at, end), this.#starts[position]);
        at = end;
      }
    }
  }
}

/** Scores of the samples of a batch, by layer; `keep` is shown those of single tokens. */
async function scoreBatch(
  { spec, state }: FittedDetector,
  batch: ActivationBatch,
  counts: Int32Array | undefined,
  context: DetectorContext,
  keep: (tokens: LayerScores) => void,
): Promise<LayerScores> {
  const definition = detectorRegistry.get(spec.name);
  if (!counts) return definition.score(state, batch, context);
  const scores = await definition.score(state, splitTokens(batch, counts), context);
  keep(scores);
  return joinTokens(scores, counts, tokenPoolingOf(spec)!);
}

function checkFinite(layer: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new CupbearerError('non-finite', `The score of test sample ${at} at ${layer} is ${values[at]}.`, {
    details: { layer, sample: at },
  });
}
