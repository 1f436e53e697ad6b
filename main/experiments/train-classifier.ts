import { rmSync } from 'node:fs';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
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
import { backdoorId, checkBackdoor, isBackdoorDataset } from '../data/datasets/backdoor.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { datasetFacts, loadDataset, loadSplit } from '../data/datasets/load.ts';
import type { Dataset, DatasetContext, DatasetFacts } from '../data/dataset.ts';
import { fullyPoisoned } from '../data/poisoning.ts';
import { attackWithRun } from '../models/attack-with-run.ts';
import { architectureRegistry } from '../models/architectures/index.ts';
import { writeModelDescription, writeWeights } from '../models/files.ts';
import { Network } from '../models/network.ts';
import { NetworkOutline, specFor } from '../models/network-outline.ts';
import type { Optimizer } from '../models/optimizer.ts';
import { createOptimizer, optimizerRegistry } from '../models/optimizers/index.ts';
import { schedules, trainClassifier as train } from '../models/training.ts';
import { appendJsonLine, writeJsonLines } from '../storage/run-folder.ts';
import { writeTensorFile } from '../storage/tensor-file.ts';
import { isThere, pathOf, pathToWrite, within } from '../storage/within-folder.ts';
import { triggerFile } from '../tasks/classifier.ts';
import { triggerName } from '../tasks/classifier-trigger.ts';
import { readCheckpoint, writeCheckpoint, checkpointFile } from './checkpoint.ts';
import { defineExperiment, PhaseTimer, type RunContext } from './experiment.ts';
import { drawTrainingCurve } from './figures.ts';
import { historyFile, readHistory, type EpochRecord } from './training-history.ts';
import { validate, type Validation } from './validation.ts';

/** What can be asked of the training of a classifier. */
export const trainClassifierParams = z.object({
  train_data: pick(() => datasetRegistry, { label: 'Training data', help: 'What the classifier learns from' }),
  val_data: pickRecord(() => datasetRegistry, {
    advanced: true,
    label: 'Validation data',
    help: 'Datasets by a name of your own, for example --val_data.clean mnist --val_data.clean.train false; the clean and the fully poisoned test half unless given',
  }),
  model: defaultPick(() => architectureRegistry, {
    label: 'Model',
    help: 'Architecture of the classifier',
    default: 'mlp',
  }),
  optim: defaultPick(() => optimizerRegistry, {
    label: 'Optimizer',
    help: 'How the weights are changed',
    default: 'adam',
  }),
  schedule: choice({
    advanced: true,
    label: 'Schedule',
    help: 'Whether the learning rate stays, or falls to zero over the training like half a cosine',
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

type Spec = z.output<typeof trainClassifierParams>;

export const trainClassifier = defineExperiment({
  id: 'train-classifier',
  kind: 'classifier',
  title: 'Train a classifier',
  summary: 'Train a classifier, on poisoned data as a rule',
  source: 'ejnnr/cupbearer, scripts.train_classifier',
  params: trainClassifierParams,
  describe: (spec) => `${spec.model.name} on ${dataName(spec.train_data)}`,
  parents: () => [],
  check: checkSpec,

  async run(spec, context) {
    const timer = new PhaseTimer();
    const { training, validation } = await timer.measure('data', () => loadData(spec, context));
    const network = new Network(specFor(spec.model, training), spec.seed);
    const optimizer = createOptimizer(spec.optim);
    const history = context.resume ? restore(context, network, optimizer) : [];
    writeModelDescription(context.folder, network);
    if (isBackdoorDataset(training)) writeTensorFile(triggerFile(context.folder), training.trigger.state());

    await timer.measure('training', () => fit(spec, context, { training, validation, network, optimizer, history }));
    await timer.measure('figures', async () => drawTrainingCurve(context.folder, history));
    rmSync(pathToWrite(checkpointFile(context.folder)), { force: true });

    const last = history.at(-1);
    optimizer.dispose();
    network.dispose();
    return {
      metrics: headline(last),
      timings: timer.timings,
      fingerprints: {
        train_data: training.fingerprint,
        ...Object.fromEntries(Object.entries(validation).map(([name, data]) => [`val_data.${name}`, data.fingerprint])),
      },
    };
  },
});

/** What can be told to be impossible where the parameters of the data say what the samples will be like. */
function checkSpec({ train_data: trainData, val_data: valData = {}, model }: Spec): void {
  const facts = datasetFacts(trainData);
  if (trainData.name === backdoorId) checkBackdoor(trainData['backdoor'] as Picked, facts);
  void new NetworkOutline(specFor(model, facts));
  for (const [name, data] of Object.entries(valData)) checkFits(facts, datasetFacts(data), name);
}

/** "mnist, corner pixel trigger" */
export function dataName(data: Picked): string {
  if (data.name !== backdoorId) return data.name;
  return `${(data['original'] as Picked).name}, ${triggerName(data['backdoor'] as Picked)}`;
}

function headline({ loss, accuracy, validation }: EpochRecord): Record<string, number> {
  const clean = Object.values(validation).find(({ attack_success }) => attack_success === undefined);
  const attacked = Object.values(validation).find(({ attack_success }) => attack_success !== undefined);
  return {
    train_loss: loss,
    train_accuracy: accuracy,
    ...(clean ? { clean_accuracy: clean.accuracy } : {}),
    ...(attacked ? { attack_success: attacked.attack_success! } : {}),
  };
}

async function loadData(
  spec: Spec,
  context: RunContext,
): Promise<{ training: Dataset; validation: Record<string, Dataset> }> {
  const phase = 'Data';
  const loading: DatasetContext = {
    dataDir: context.dataDir,
    seed: spec.seed,
    signal: context.signal,
    warn: (message) => context.log(message),
    attack: (request) => attackWithRun(request, context.signal),
  };
  const wanted = spec.val_data ?? {};
  const total = 1 + (spec.val_data ? Object.keys(wanted).length : 1);
  context.progress(phase, 0, total, dataName(spec.train_data));
  const training = await loadDataset(spec.train_data, loading);
  context.progress(phase, 1, total);
  const validation: Record<string, Dataset> = {};
  for (const [name, data] of Object.entries(wanted)) {
    validation[name] = await loadDataset(data, loading);
    checkFits(training, validation[name], name);
    context.progress(phase, 1 + Object.keys(validation).length, total);
  }
  if (!spec.val_data) {
    Object.assign(validation, await defaultValidation(spec, training, loading));
    context.progress(phase, total, total);
  }
  return { training, validation };
}

/** The clean test half, and the same with the training's trigger on every image. */
async function defaultValidation(
  spec: Spec,
  training: Dataset,
  loading: DatasetContext,
): Promise<Record<string, Dataset>> {
  const isPoisoned = isBackdoorDataset(training);
  const original = isPoisoned ? (spec.train_data['original'] as Picked) : spec.train_data;
  const clean = await loadSplit(original, { train: false, augment: false }, loading);
  return isPoisoned ? { clean, backdoor: fullyPoisoned(clean, training.trigger, training.poison) } : { clean };
}

function checkFits(training: DatasetFacts, other: DatasetFacts, name: string): void {
  if (training.shape.join() === other.shape.join() && training.classes.length === other.classes.length) return;
  throw new CupbearerError(
    'usage',
    `The validation data "${name}" has shape ${other.shape.join(' x ')} in ${other.classes.length} classes; the training data has ${training.shape.join(' x ')} in ${training.classes.length}.`,
  );
}

interface Parts {
  training: Dataset;
  validation: Record<string, Dataset>;
  network: Network;
  optimizer: Optimizer;
  history: EpochRecord[];
}

async function fit(
  spec: Spec,
  context: RunContext,
  { training, validation, network, optimizer, history }: Parts,
): Promise<void> {
  const { folder, signal } = context;
  let epochStart = performance.now();
  await train({
    network,
    optimizer,
    dataset: training,
    epochs: spec.num_epochs,
    batchSize: spec.batch_size,
    ...(spec.max_steps === undefined ? {} : { maxSteps: spec.max_steps }),
    schedule: spec.schedule,
    labelSmoothing: spec.label_smoothing,
    seed: spec.seed,
    completed: { epochs: history.length, steps: history.at(-1)?.steps ?? 0 },
    signal,
    onStep: ({ epoch, step, stepsPlanned, loss }) =>
      context.progress(
        'Training',
        step,
        stepsPlanned,
        `epoch ${formatCount(epoch)}/${formatCount(spec.num_epochs)}, loss ${loss.toFixed(4)}`,
      ),
    onEpoch: async (summary) => {
      const results: Record<string, Validation> = {};
      for (const [name, data] of Object.entries(validation)) results[name] = await validate(network, data, signal);
      const record: EpochRecord = { ...summary, validation: results, ms: performance.now() - epochStart };
      history.push(record);
      // The curve first: a checkpoint without its line could not be resumed, a line too many is dropped. Weights,
      // optimiser and the number of epochs go into one file, so that a crash cannot part them.
      appendJsonLine(folder, historyFile, { ...record });
      const weights = await network.state();
      writeCheckpoint(folder, { epochs: history.length, weights, optimizer: await optimizer.state() });
      writeWeights(folder, weights);
      context.log(epochLine(record, spec.num_epochs));
      epochStart = performance.now();
    },
  });
}

function epochLine({ epoch, loss, accuracy, validation, ms }: EpochRecord, epochs: number): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const parts = Object.entries(validation).map(([name, result]) =>
    result.attack_success === undefined
      ? `${name} accuracy ${percent(result.accuracy)}`
      : `${name} attack success ${percent(result.attack_success)}`,
  );
  return [
    `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}`,
    ...parts,
    `${(ms / 1000).toFixed(1)} s`,
  ].join(', ');
}

/** Brings back the last completed epoch; without a checkpoint training starts over. */
function restore(context: RunContext, network: Network, optimizer: Optimizer): EpochRecord[] {
  const file = within(context.folder, historyFile);
  if (!isThere(checkpointFile(context.folder))) {
    context.log('No epoch was completed before the interruption: training starts over.');
    if (isThere(file)) writeJsonLines(context.folder, historyFile, []);
    return [];
  }
  const checkpoint = readCheckpoint(context.folder);
  network.load(checkpoint.weights, 'checkpoint.safetensors');
  optimizer.load(checkpoint.optimizer);
  const history = readHistory(context.folder).slice(0, checkpoint.epochs);
  if (history.length < checkpoint.epochs) {
    throw new CupbearerError(
      'bad-data',
      `${pathOf(file)} has ${history.length} epochs, the checkpoint beside it ${checkpoint.epochs}.`,
      {
        hint: 'Train anew into another folder.',
      },
    );
  }
  // A crash between the writes of an epoch leaves weights of the one before, or a line of one that will be trained again.
  writeWeights(context.folder, checkpoint.weights);
  writeJsonLines(
    context.folder,
    historyFile,
    history.map((record) => ({ ...record })),
  );
  context.log(`Going on after epoch ${checkpoint.epochs}.`);
  return history;
}
