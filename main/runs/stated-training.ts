import { z } from 'zod';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { given } from '../../shared/given.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import { optionalInteger, optionalPick, optionalText, type Picked } from '../../shared/schema/fields.ts';
import { classOrder, placesNote } from '../data/class-order.ts';
import { checkBackdoor } from '../data/datasets/backdoor.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import { poisonKeys, trainingData } from '../data/datasets/training-data.ts';
import type { DatasetFacts } from '../data/dataset.ts';
import { loadTrigger } from '../data/triggers/index.ts';
import type { NetworkSpec, Normalisation } from '../models/network-outline.ts';
import { numbered } from '../../shared/format.ts';

/** What most tasks must know of a model that was trained elsewhere. */
export const trainingStatement = z.object({
  train_data: optionalPick(() => datasetRegistry, {
    label: 'Trained on',
    help: 'The data that the model was trained on, with the trigger where it has a backdoor',
  }),
  seed: optionalInteger({
    advanced: true,
    label: 'Seed',
    help: "The seed of its training: random triggers such as noise are drawn from it, unless the model's files hold the trigger",
    min: 0,
  }),
  mean: optionalText({
    advanced: true,
    label: 'Mean of the inputs',
    help: 'Where the model was trained on normalised inputs: what is subtracted from values of 0 to 1, by channel, separated by commas',
  }),
  std: optionalText({
    advanced: true,
    label: 'Deviation of the inputs',
    help: 'What they are divided by afterwards, by channel, separated by commas',
  }),
});
export type TrainingStatement = z.output<typeof trainingStatement>;

/** What a statement is compared with. */
type StatedModel = Pick<NetworkSpec, 'inputShape' | 'classes' | 'vocabulary'>;

/** A statement that was found to fit the model. */
export interface StatedTraining {
  trainData: Picked;
  seed: number;
  normalisation?: Normalisation;
  /** What is to be said of classes that are not those of the model by name. */
  classesNote?: string;
  /** What the trigger in the training data must remember, where there is a trigger. */
  triggerState?: TensorMap;
}

/**
 * Checks a statement against the model that it is about; data lie in `dataDir` unless they name a folder, and
 * `storedTrigger` is the trigger that came with its files.
 * @throws CupbearerError `usage` with the parameter if it does not fit; `not-found`, `storage`, `bad-data` for files it
 * names.
 */
export async function checkStatement(
  { train_data: trainData, seed, mean, std }: TrainingStatement & { train_data: Picked },
  network: StatedModel,
  dataDir: string,
  storedTrigger?: TensorMap,
): Promise<StatedTraining> {
  refuse([...dataMisfits(trainData, network, dataDir), ...normalisationMisfits(mean, std, network)]);
  const normalisation =
    mean === undefined || std === undefined ? {} : { normalisation: { mean: numbersIn(mean), std: numbersIn(std) } };
  const { original, trigger } = trainingData(trainData);
  const classesNote = placesNote(datasetFacts(trainData, dataDir).classes, network.classes, original.name);
  const stated = { trainData, seed: seed ?? 0, ...normalisation, ...given({ classesNote }) };
  if (!trigger) return stated;
  return {
    ...stated,
    triggerState: await triggerStateOf(trigger, datasetFacts(trainData, dataDir), seed, storedTrigger),
  };
}

function dataMisfits(trainData: Picked, network: StatedModel, dataDir: string): Misfit[] {
  const { original, trigger } = trainingData(trainData);
  if (trigger && poisonKeys(original)) {
    const message = `The data must not be poisoned twice; got "${original.name}".`;
    return [{ path: ['train_data', poisonKeys(trainData)!.original], message }];
  }
  const facts = factsOf(trainData, dataDir);
  if ('misfits' in facts) return facts.misfits;
  const known = facts.found;
  const found = sizesOf(known.shape, known.classes.length, known.vocabulary?.length);
  const expected = sizesOf(network.inputShape, network.classes.length, network.vocabulary);
  if (found !== expected) {
    const message = `The model takes ${expected}; the data "${original.name}" has ${found}.`;
    return [{ path: ['train_data'], message }];
  }
  const mixed = misfitsOf(['train_data'], () => classOrder(known.classes, network.classes, original.name));
  if (mixed.length > 0 || !trigger) return mixed;
  return misfitsOf(['train_data', poisonKeys(trainData)!.trigger], () => checkBackdoor(trigger, known));
}

/** Returns what is known about the data, or why nothing is. */
function factsOf(trainData: Picked, dataDir: string): { found: DatasetFacts } | { misfits: Misfit[] } {
  const found: DatasetFacts[] = [];
  const misfits = misfitsOf(['train_data'], () => found.push(datasetFacts(trainData, dataDir)));
  return found[0] ? { found: found[0] } : { misfits };
}

/** "inputs of shape 28 x 28 x 1 in 10 classes". */
function sizesOf(shape: readonly number[], classes: number, vocabulary: number | undefined): string {
  const tokens = vocabulary === undefined ? '' : ` of ${numbered(vocabulary, 'token')}`;
  return `inputs of shape ${shape.join(' x ')}${tokens} in ${numbered(classes, 'class', 'classes')}`;
}

function normalisationMisfits(mean: string | undefined, std: string | undefined, network: StatedModel): Misfit[] {
  if (mean === undefined && std === undefined) return [];
  const channels = network.inputShape.at(-1)!;
  const fault = (key: string, text: string | undefined, isRight: (value: number) => boolean): Misfit[] => {
    if (network.vocabulary !== undefined) return [{ path: [key], message: 'The tokens of texts are not normalised.' }];
    const values = numbersIn(text ?? '');
    if (values.length === channels && values.every(isRight)) return [];
    const what = key === 'std' ? 'numbers above 0' : 'numbers';
    const message = `Expected ${channels} ${what} as ${key}, one a channel, found ${text === undefined ? 'none' : `"${text}"`}.`;
    return [{ path: [key], message }];
  };
  return [
    ...fault('mean', mean, Number.isFinite),
    ...fault('std', std, (value) => Number.isFinite(value) && value > 0),
  ];
}

const numbersIn = (text: string) => text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));

/** Returns the trigger's state: as stored, otherwise drawn from the seed. A random trigger needs one or the other. */
async function triggerStateOf(
  picked: Picked,
  { shape, vocabulary }: DatasetFacts,
  seed: number | undefined,
  stored: TensorMap | undefined,
): Promise<TensorMap> {
  const drawn = async (from: number) =>
    (await loadTrigger(picked, { shape, vocabulary, seed: from, state: stored })).state();
  const state = await drawn(seed ?? 0);
  if (seed !== undefined || stored || isSame(state, await drawn(1))) return state;
  refuse([
    {
      path: ['seed'],
      message: `The trigger "${picked.name}" is random: what was put on the training data is known from the model's trigger.safetensors or from the seed of its training, and neither is given.`,
    },
  ]);
  return state;
}

function isSame(a: TensorMap, b: TensorMap): boolean {
  return Object.entries(a).every(([name, { data }]) => b[name]?.data.every((value, i) => value === data[i]));
}
