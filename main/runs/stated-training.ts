import { z } from 'zod';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { misfitsOf, refuse, type Misfit } from '../../shared/misfit.ts';
import { optionalInteger, optionalPick, type Picked } from '../../shared/schema/fields.ts';
import { classOrder, otherNames } from '../data/class-order.ts';
import { checkBackdoor } from '../data/datasets/backdoor.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import { poisonKeys, trainingData } from '../data/datasets/training-data.ts';
import type { DatasetFacts } from '../data/dataset.ts';
import { loadTrigger } from '../data/triggers/index.ts';
import type { NetworkSpec } from '../models/network-outline.ts';
import { numbered } from '../../shared/format.ts';
import { statedInputs } from './stated-inputs.ts';

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
  ...statedInputs,
});
export type TrainingStatement = z.output<typeof trainingStatement>;

/** What a statement is compared with. */
type StatedModel = Pick<NetworkSpec, 'inputShape' | 'classes' | 'vocabulary' | 'preprocessing'>;

/** A statement that was found to fit the model. */
export interface StatedTraining {
  trainData: Picked;
  seed: number;
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
  { train_data: trainData, seed }: TrainingStatement & { train_data: Picked },
  network: StatedModel,
  dataDir: string,
  storedTrigger?: TensorMap,
): Promise<StatedTraining> {
  refuse(dataMisfits(trainData, network, dataDir));
  const { trigger } = trainingData(trainData);
  const stated = { trainData, seed: seed ?? 0 };
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
  const cut = cropMisfits(original, network, poisonKeys(trainData)?.original);
  const mixed = [...cut, ...classMisfits(known.classes, network.classes, original.name)];
  if (mixed.length > 0 || !trigger) return mixed;
  return misfitsOf(['train_data', poisonKeys(trainData)!.trigger], () => checkBackdoor(trigger, known));
}

/** Classes are matched by name alone: by their places, a model of the same classes in another order would be judged wrongly. */
function classMisfits(found: readonly string[], wanted: readonly string[], data: string): Misfit[] {
  const mixed = misfitsOf(['train_data'], () => classOrder(found, wanted, data));
  const words = mixed.length > 0 ? undefined : otherNames(found, wanted, data);
  if (words === undefined) return mixed;
  return [
    {
      path: ['classes'],
      message: `${words}.`,
      hint: 'Name the classes of the model as the data name them, in the order of its outputs, separated by commas.',
    },
  ];
}

/** Pictures that were cut otherwise than those that the model was trained on show other things to it. */
function cropMisfits(data: Picked, { preprocessing }: StatedModel, nested: string | undefined): Misfit[] {
  const resize = preprocessing?.resize;
  if (resize?.rule !== 'crop' || !('crop_from' in datasetRegistry.get(data.name).params.shape)) return [];
  const side = data['crop_from'];
  if (side === resize.side) return [];
  const found = typeof side === 'number' ? `one of ${side} px` : 'both sides scaled';
  return [
    {
      path: ['train_data', ...(nested === undefined ? [] : [nested]), 'crop_from'],
      message: `The model takes the middle of pictures whose shorter side has ${resize.side} px: expected a crop_from of ${resize.side}, found ${found}.`,
    },
  ];
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
