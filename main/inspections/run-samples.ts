import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { Dataset } from '../data/dataset.ts';
import { classProbabilities } from '../models/class-probabilities.ts';
import { readSpec, scoredSamples } from '../storage/run-folder.ts';
import type { ScoredSamples } from '../storage/scores.ts';
import { openClassifier } from '../tasks/classifier.ts';
import { taskRegistry } from '../tasks/index.ts';
import type { ActivationSource } from '../models/activation-source.ts';
import type { DataPart, TestPart } from '../tasks/task.ts';
import { startEngine } from '../tensor/engine.ts';
import type { InspectionContext, LooseCloseSample, LooseSamples } from './inspection.ts';
import { readStoredSpec } from '../runs/stored-spec.ts';
import { labelsOf, showSamples, textsOf } from './show-samples.ts';

/** What was tested according to the run's own arrays; the same task might test other samples today. */
export interface Tested extends ScoredSamples {
  clean: TestPart;
  anomalous: TestPart;
  close: () => unknown;
  trusted: DataPart;
  /** Where activations were recorded; undefined where a network gives them, which is held no longer than needed. */
  recorded: ActivationSource | undefined;
  /**
   * The model's folder, and the SHA-256 of the model that was scored, undefined if the run does not say; no model where activations
   * were recorded elsewhere.
   */
  model: { folder: string; fingerprint: string | undefined } | undefined;
}

/** The test data of the runs that were asked about last: rebuilding a task reads all its data. */
const built = new Map<string, Promise<Tested>>();
const mostBuilt = 4;

/**
 * Returns test samples of the run in `folder` by their positions in its score arrays, as the model saw them (without
 * `changed`).
 * @throws CupbearerError `usage` for a place beyond the end; `not-found` or `bad-data` if model or data have gone, or
 *   are not those that were scored.
 */
export async function runSamples(
  { folder, positions }: { folder: string; positions: number[] },
  context: InspectionContext,
): Promise<LooseSamples> {
  const tested = await testedBy(folder, context);
  const shown = positions.map((position) => {
    const { dataset, index } = placeOf(position, tested);
    const batch = dataset.read([index], 0);
    return { batch, dataset, index, label: labelsOf(dataset, batch)[0]! };
  });
  const common = {
    labels: shown.map(({ label }) => label),
    changedLabels: null,
    indices: shown.map(({ index }) => index),
  };
  const { shape } = tested.clean.dataset;
  if (shape.length !== 3) {
    const texts = shown.map(({ dataset, index, batch }) => textsOf(dataset, [index], batch)[0]!);
    return { kind: 'texts', clean: texts, changed: null, ...common };
  }
  const size = shape.reduce((product, side) => product * side, 1);
  const clean = new Float32Array(shown.length * size);
  shown.forEach(({ batch }, i) => clean.set(batch.inputs, i * size));
  return { kind: 'images', shape: [...shape], count: shown.length, arrays: { clean }, ...common };
}

/** Classes whose probabilities are shown, the likeliest first. */
const mostLikely = 5;

/**
 * Returns the test sample of the run in `folder` at one position of its score arrays, the sample it was made from, and
 * the classes that the model predicts for it. @throws CupbearerError as {@link runSamples}, `cancelled`, and `bad-data`
 * if the model is not the one that was scored.
 */
export async function runSample(
  { folder, position }: { folder: string; position: number },
  context: InspectionContext,
): Promise<LooseCloseSample> {
  const tested = await testedBy(folder, context);
  const { dataset, original, index } = placeOf(position, tested);
  const own = original ?? dataset;
  const sample = showSamples(own, original && dataset, Int32Array.of(index));
  const trueClass = own.read([index], 0).labels[0]!;
  const probabilities = await probabilitiesOf(dataset, index, tested, context);
  if (!probabilities) return { sample, trueClass, likely: null, others: { count: 0, probability: 0 } };
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  const isShown = (place: number, number: number) => place < mostLikely || number === trueClass;
  const rest = order.filter((number, place) => !isShown(place, number));
  return {
    sample,
    trueClass,
    likely: order
      .filter((number, place) => isShown(place, number))
      .map((number) => ({
        class: number,
        name: own.classes[number] ?? String(number),
        probability: probabilities[number]!,
      })),
    others: { count: rest.length, probability: rest.reduce((sum, number) => sum + probabilities[number]!, 0) },
  };
}

async function probabilitiesOf(
  dataset: Dataset,
  index: number,
  { model }: Tested,
  { signal }: InspectionContext,
): Promise<Float64Array | undefined> {
  if (!model) return undefined;
  // The engine may have been lost since the task was built; if it still works, this returns at once.
  await startEngine('auto');
  const { source, fingerprint } = openClassifier(model.folder);
  try {
    if (model.fingerprint === undefined || model.fingerprint === fingerprint)
      return await classProbabilities(source, dataset, index, signal);
    throw new CupbearerError(
      'bad-data',
      `The model in "${model.folder}" is not the one that was scored: it has changed since.`,
      { hint: 'Repeat the run to score the model as it is now.' },
    );
  } finally {
    source.dispose();
  }
}

/** Samples read at a time. */
const batchSize = 1000;

/**
 * Returns the positions, in its score arrays, of the test samples of the run in `folder` whose text contains `text`,
 * ignoring case; none if the samples are images. @throws CupbearerError as {@link runSamples}, `cancelled`.
 */
export async function findSamples(
  { folder, text }: { folder: string; text: string },
  context: InspectionContext,
): Promise<{ positions: Int32Array }> {
  const tested = await testedBy(folder, context);
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (tested.clean.dataset.shape.length === 3) return { positions: new Int32Array() };
  for (const kind of [0, 1]) {
    const positions = [...tested.labels.keys()].filter((position) => tested.labels[position] === kind);
    for (let at = 0; at < positions.length; at += batchSize) {
      // Lets a cancellation arrive.
      await new Promise((resolve) => setImmediate(resolve));
      if (context.signal.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
      const some = positions.slice(at, at + batchSize);
      const places = some.map((position) => placeOf(position, tested));
      const { dataset } = places[0]!;
      const indices = places.map(({ index }) => index);
      const texts = textsOf(dataset, indices, dataset.read(indices, 0));
      texts.forEach((one, i) => one.toLowerCase().includes(wanted) && found.push(some[i]!));
    }
  }
  return { positions: Int32Array.from(found).sort() };
}

/** A test sample: number `index` of `dataset`, made of the same of `original` if that is set. */
interface Place extends Pick<TestPart, 'dataset' | 'original'> {
  index: number;
}

/** Where a test sample comes from. @throws CupbearerError `usage` beyond the end, `bad-data`. */
export function placeOf(position: number, { labels, sampleIndex, ...tested }: Tested): Place {
  const index = sampleIndex[position];
  if (index === undefined)
    throw new CupbearerError(
      'usage',
      `There are ${labels.length} test samples; number ${position} (from 0) was asked for.`,
    );
  const part = labels[position] === 1 ? tested.anomalous : tested.clean;
  const { dataset, original } = part;
  if (index >= dataset.length)
    throw new CupbearerError(
      'bad-data',
      `The run scored number ${index} of the ${part.anomalous ? 'anomalous' : 'clean'} data, of which there are ${dataset.length} now: its data have changed since.`,
    );
  return { dataset, index, ...given({ original }) };
}

/** What the run in a folder has tested; the last few are held. @throws CupbearerError as {@link runSamples}. */
export async function testedBy(folder: string, context: InspectionContext): Promise<Tested> {
  const known = built.get(folder);
  if (known) return known;
  const tested = buildTested(folder, context);
  built.set(folder, tested);
  for (const [oldest, old] of built) {
    if (built.size <= mostBuilt) break;
    built.delete(oldest);
    void old.then(({ close }) => close());
  }
  tested.catch(() => built.delete(folder));
  return tested;
}

async function buildTested(folder: string, { dataDir, datasets: cache }: InspectionContext): Promise<Tested> {
  const { kind, spec, data_dir: ownDataDir = dataDir, fingerprints } = readSpec(folder);
  const stored = readStoredSpec(kind, spec);
  if (stored.kind === 'classifier')
    throw new CupbearerError('usage', `The run in "${folder}" has no test samples: it has no task.`);
  const { task } = stored.sound;
  if (!task) throw new CupbearerError('bad-data', `The test samples of "${folder}" are not known. ${stored.fault}`);
  const scored = scoredSamples(folder);
  // A task holds its model, which no engine can hold before it is started.
  await startEngine('auto');
  const { name, ...params } = task;
  const { source, test, trusted, parents } = await taskRegistry.get(name).build(params, { dataDir: ownDataDir, cache });
  // A network is held no longer than needed; what was recorded is read from its files as long as its samples are shown.
  if (source.network) source.dispose();
  const close = () => source.network ?? source.dispose();
  const ofKind = (anomalous: boolean) => {
    const part = test.find((one) => one.anomalous === anomalous);
    if (part) return part;
    throw new CupbearerError(
      'bad-data',
      `The test data of "${folder}" hold no ${anomalous ? 'anomalous' : 'clean'} samples.`,
    );
  };
  const [parent] = parents;
  const model = parent === undefined ? undefined : { folder: parent, fingerprint: fingerprints['model'] };
  const recorded = source.network ? undefined : source;
  return { ...scored, clean: ofKind(false), anomalous: ofKind(true), trusted, recorded, model, close };
}
