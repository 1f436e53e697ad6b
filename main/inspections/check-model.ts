import * as tf from '@tensorflow/tfjs-core';
import type { ModelCheck } from '../../shared/domain/library.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { withClassesOf } from '../data/transforms/relabelled.ts';
import { inputTensor } from '../models/batches.ts';
import { readModel } from '../models/files.ts';
import { Network } from '../models/network.ts';
import type { NetworkSpec } from '../models/network-outline.ts';
import { preprocessingWords, type Preprocessing } from '../models/preprocessing.ts';
import { predict } from '../models/training.ts';
import { startEngine } from '../tensor/engine.ts';
import type { InspectionContext, LooseSamples } from './inspection.ts';
import { drawIndices, showSamples } from './show-samples.ts';

/** Samples that are also tried with other pre-processing, and those that are shown. */
const mostTried = 64;
const shown = 8;
const batchSize = 32;

/** A {@link ModelCheck} before its arrays are packed. */
type LooseCheck = Omit<ModelCheck, 'samples'> & { samples: LooseSamples };

/**
 * Measures an imported model on labelled data, as its pre-processing is declared and with others that are common, and shows some
 * samples as they are and as the model takes them.
 * @throws CupbearerError `usage` if the data do not fit the model, `engine`, `cancelled`; for its files as `readModel`.
 */
export async function checkModel(
  { folder, data, count }: { folder: string; data: Picked; count: number },
  { dataDir, signal, datasets: cache }: InspectionContext,
): Promise<LooseCheck> {
  await startEngine('auto');
  const network = readModel(folder);
  try {
    const { spec } = network;
    const half = await loadSplit(data, { train: false, augment: false }, { dataDir, seed: 0, signal, cache });
    checkFits(half, spec, data.name);
    const dataset = withClassesOf(half, spec.classes, data.name);
    const indices = drawIndices(dataset.length, count, 0);
    const { predicted, labels } = await predict(network, dataset, { batchSize, indices, signal });
    const isRight = labels.map((label, i) => Number(label === predicted[i]));
    const tried = indices.subarray(0, mostTried);
    const state = await network.state();
    const others: ModelCheck['others'] = [];
    for (const other of alternatives(spec)) {
      const changed = new Network(other, 0);
      try {
        changed.load(state, folder);
        const found = await predict(changed, dataset, { batchSize, indices: tried, signal });
        const right = found.labels.filter((label, i) => label === found.predicted[i]).length;
        others.push({ words: wordsOf(other), accuracy: right / tried.length });
      } finally {
        changed.dispose();
      }
    }
    return {
      count: indices.length,
      accuracy: meanOf(isRight),
      largestClass: Math.max(...[...Map.groupBy(labels, (label) => label).values()].map(({ length }) => length)) / labels.length, // prettier-ignore
      words: wordsOf(spec),
      tried: tried.length,
      triedAccuracy: meanOf(isRight.subarray(0, tried.length)),
      others: others.sort((a, b) => b.accuracy - a.accuracy),
      samples: await samplesOf(network, dataset, indices.subarray(0, shown), predicted),
    };
  } finally {
    network.dispose();
  }
}

function checkFits({ shape, classes }: Dataset, { inputShape, classes: own }: NetworkSpec, name: string): void {
  if (shape.join() === inputShape.join() && classes.length === own.length) return;
  throw new CupbearerError(
    'usage',
    `The model takes inputs of shape ${inputShape.join(' x ')} in ${own.length} classes; the data "${name}" has ${shape.join(' x ')} in ${classes.length}.`,
  );
}

const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

const wordsOf = (spec: NetworkSpec) => preprocessingWords(spec).join('; ') || 'values from 0 to 1';

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const caffe = { mean: [123.68, 116.779, 103.939], std: [1, 1, 1] };

/** The same network with pre-processing that libraries commonly have: one that suits it better was probably meant. */
function alternatives(spec: NetworkSpec): NetworkSpec[] {
  const { inputShape, normalisation: _, preprocessing, ...rest } = spec;
  if (inputShape.length !== 3 || spec.vocabulary !== undefined) return [];
  const { channelOrder, valueRange: __, ...cut } = preprocessing ?? {};
  const channels = inputShape[2]!;
  const of = (changes: Preprocessing, normalisation?: NetworkSpec['normalisation']): NetworkSpec => {
    const both: Preprocessing = { ...cut, ...(channelOrder ? { channelOrder } : {}), ...changes };
    return { ...rest, inputShape, preprocessing: both, ...(normalisation ? { normalisation } : {}) };
  };
  const found = [
    of({}),
    of({ valueRange: [-1, 1] }),
    of({ valueRange: [0, 255] }),
    ...(channels === 3 ? [of({}, imageNet), of({ valueRange: [0, 255] }, caffe)] : []),
    ...(channels === 3 ? [otherOrder(spec)] : []),
  ];
  const own = preprocessingWords(spec).join();
  return found.filter((other) => preprocessingWords(other).join() !== own);
}

/** With red and blue exchanged, mean and deviation among them. */
function otherOrder(spec: NetworkSpec): NetworkSpec {
  const { channelOrder, ...others } = spec.preprocessing ?? {};
  const turned: Preprocessing = channelOrder === 'BGR' ? others : { ...others, channelOrder: 'BGR' };
  const { normalisation } = spec;
  if (!normalisation) return { ...spec, preprocessing: turned };
  const [mean, std] = [[...normalisation.mean].reverse(), [...normalisation.std].reverse()];
  return { ...spec, preprocessing: turned, normalisation: { mean, std } };
}

/** Samples with what the model makes of them; its inputs are stretched to 0 to 1 to be seen. */
async function samplesOf(
  network: Network,
  dataset: Dataset,
  indices: Int32Array,
  predicted: Int32Array,
): Promise<LooseSamples> {
  const samples = showSamples(dataset, undefined, indices);
  if (samples.kind !== 'images') return samples;
  const batch = dataset.read(indices, 0);
  const taken = tf.tidy(() => {
    const inputs = network.prepared(inputTensor(batch, dataset));
    const [least, most] = [tf.min(inputs), tf.max(inputs)];
    return tf.div(tf.sub(inputs, least), tf.maximum(tf.sub(most, least), 1e-12));
  });
  const changed = await taken.data<'float32'>();
  taken.dispose();
  const names = Array.from(indices, (_, i) => network.spec.classes[predicted[i]!] ?? String(predicted[i]));
  return { ...samples, arrays: { ...samples.arrays, changed }, changedLabels: names };
}
