import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import {
  choice,
  defaultPick,
  integer,
  number,
  optionalInteger,
  pick,
  pickRecord,
  type Picked,
} from '../../shared/schema/fields.ts';
import { classOrder } from '../data/class-order.ts';
import { checkBackdoor } from '../data/datasets/backdoor.ts';
import { dataWord } from '../data/datasets/dataset-title.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { datasetFacts } from '../data/datasets/load.ts';
import { trainingData } from '../data/datasets/training-data.ts';
import type { DatasetFacts } from '../data/dataset.ts';
import { architectureRegistry } from '../models/architectures/index.ts';
import { NetworkOutline, specFor } from '../models/network-outline.ts';
import { optimizerRegistry } from '../models/optimizers/index.ts';
import { schedules } from '../models/schedules.ts';
import { triggerName } from '../tasks/classifier-trigger.ts';
import { numbered } from '../../shared/format.ts';

/** What can be asked of the training of a classifier. */
export const trainClassifierParams = z.object({
  train_data: pick(() => datasetRegistry, { label: 'Training data', help: 'What the classifier learns from' }),
  val_data: pickRecord(() => datasetRegistry, {
    advanced: true,
    label: 'Validation data',
    help: 'Datasets under names of your choice; by default the clean and the fully poisoned test half',
  }),
  model: defaultPick(() => architectureRegistry, {
    label: 'Model',
    help: 'Architecture of the classifier',
    default: 'mlp',
  }),
  optim: defaultPick(() => optimizerRegistry, {
    label: 'Optimizer',
    help: 'How the weights are updated',
    default: 'adam',
  }),
  schedule: choice({
    advanced: true,
    label: 'Schedule',
    help: 'Keep the learning rate constant, or let it fall to zero along half a cosine',
    options: schedules,
    default: 'constant',
  }),
  label_smoothing: number({
    advanced: true,
    label: 'Label smoothing',
    help: 'Share of the target that is spread evenly over all classes',
    default: 0,
    min: 0,
    max: 1,
  }),
  num_epochs: integer({
    label: 'Epochs',
    help: 'Passes over the training data',
    unit: 'epochs',
    default: 10,
    min: 1,
    max: 100_000,
  }),
  batch_size: integer({
    label: 'Batch size',
    help: 'Samples in one step',
    unit: 'samples',
    default: 128,
    min: 1,
    max: 1_000_000,
  }),
  max_steps: optionalInteger({
    advanced: true,
    label: 'Most steps',
    empty: 'No limit',
    help: 'Ends training after this many batches',
    unit: 'steps',
    min: 1,
  }),
  seed: integer({
    advanced: true,
    label: 'Seed',
    help: 'Decides the initial weights, the order of the samples, augmentations and which samples are poisoned',
    default: 0,
    min: 0,
  }),
});

export type TrainClassifierSpec = z.output<typeof trainClassifierParams>;

/** "mnist, corner pixel trigger" */
export function dataName(data: Picked): string {
  const { original, trigger } = trainingData(data);
  return [dataWord(original), ...(trigger ? [triggerName(trigger)] : [])].join(', ');
}

/** "mlp on mnist, corner pixel trigger": what a training is called before it is given a name. */
export function describeTraining({
  train_data: data,
  model,
}: Pick<TrainClassifierSpec, 'train_data' | 'model'>): string {
  return `${model.name} on ${dataName(data)}`;
}

/**
 * Refuses a training that cannot work, as far as the parameters of the data, which lie in `dataDir`, say what samples are like.
 * @throws CupbearerError `usage`.
 */
export function checkTraining(
  { train_data: trainData, val_data: valData = {}, model }: TrainClassifierSpec,
  dataDir: string,
): void {
  const facts = datasetFacts(trainData, dataDir);
  checkClasses(facts);
  const { trigger } = trainingData(trainData);
  if (trigger) checkBackdoor(trigger, facts);
  void new NetworkOutline(specFor(model, facts));
  for (const [name, data] of Object.entries(valData)) checkFits(facts, datasetFacts(data, dataDir), name);
}

/** Refuses training data with nothing to tell apart. @throws CupbearerError `usage`. */
export function checkClasses({ classes }: DatasetFacts): void {
  if (classes.length > 1) return;
  const found = classes.length === 0 ? 'none' : `one, "${classes[0]}"`;
  throw new CupbearerError(
    'usage',
    `The training data must have two classes or more for a classifier to learn; found ${found}.`,
    {
      hint: 'Put the pictures of each class into a folder of its own, or take other data.',
    },
  );
}

/** Refuses validation data that the classifier cannot take or whose classes it does not know. @throws CupbearerError `usage`. */
export function checkFits(training: DatasetFacts, other: DatasetFacts, name: string): void {
  if (training.shape.join() === other.shape.join() && training.classes.length === other.classes.length) {
    classOrder(other.classes, training.classes, name);
    return;
  }
  throw new CupbearerError(
    'usage',
    `The validation data "${name}" has shape ${other.shape.join(' x ')} in ${numbered(other.classes.length, 'class', 'classes')}; the training data has ${training.shape.join(' x ')} in ${training.classes.length}.`,
  );
}
