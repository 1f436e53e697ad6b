import { rmSync } from 'node:fs';
import { CupbearerError } from '../../../shared/errors.ts';
import { formatCount, numbered } from '../../../shared/format.ts';
import { onlyLabel } from '../../data/class-counts.ts';
import { placesNote } from '../../data/class-order.ts';
import { isBackdoorDataset } from '../../data/datasets/backdoor.ts';
import { loadDataset, loadSplit } from '../../data/datasets/load.ts';
import { trainingData } from '../../data/datasets/training-data.ts';
import type { Dataset, DatasetContext } from '../../data/dataset.ts';
import { fullyPoisoned, isPoisonedDataset } from '../../data/transforms/poisoning.ts';
import { withClassesOf } from '../../data/transforms/relabelled.ts';
import { attackWithRun } from '../../models/attack-with-run.ts';
import { writeModelDescription, writeWeights } from '../../models/files.ts';
import { Network } from '../../models/network.ts';
import { specFor } from '../../models/network-outline.ts';
import type { Optimizer } from '../../models/optimizer.ts';
import { createOptimizer } from '../../models/optimizers/index.ts';
import { trainClassifier as train } from '../../models/training.ts';
import { appendJsonLine, writeJsonLines } from '../../storage/run-folder.ts';
import { writeTensorFile } from '../../storage/tensor-file.ts';
import { isThere, pathOf, pathToWrite, within } from '../../storage/within-folder.ts';
import { triggerFile } from '../../tasks/classifier.ts';
import { checkClasses, checkFits, dataName, type TrainClassifierSpec } from '../classifier-spec.ts';
import { PhaseTimer, type RunContext, type RunOutcome } from '../run-definition.ts';
import { keepSteps, StepCurve } from '../step-curve.ts';
import { historyFile, readHistory, type EpochRecord } from '../training-history.ts';
import { readCheckpoint, writeCheckpoint, checkpointFile } from './checkpoint.ts';
import { drawTrainingCurve } from './figures.ts';
import { saidOnce } from './said-once.ts';
import { validate, type Validation } from './validation.ts';
import { classifierDoubts } from '../../../shared/classifier-doubts.ts';
import { given } from '../../../shared/given.ts';

/** Trains the classifier of a spec, or resumes its training. */
export async function runTraining(spec: TrainClassifierSpec, context: RunContext): Promise<RunOutcome> {
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

  const metrics = headline(history.at(-1));
  for (const doubt of classifierDoubts(metrics, network.spec.classes.length)) context.log(doubt.replaceAll('**', ''));
  optimizer.dispose();
  network.dispose();
  return {
    metrics,
    timings: timer.timings,
    fingerprints: {
      train_data: training.fingerprint,
      ...Object.fromEntries(Object.entries(validation).map(([name, data]) => [`val_data.${name}`, data.fingerprint])),
    },
  };
}

function headline({ loss, accuracy, validation }: EpochRecord): RunOutcome['metrics'] {
  const measured = Object.values(validation);
  const clean = measured.find(({ attack_success }) => attack_success === undefined);
  const attacked = measured.find(({ attack_success }) => attack_success !== undefined);
  return {
    train_loss: loss,
    train_accuracy: accuracy,
    ...(clean && {
      clean_accuracy: clean.accuracy,
      ...given({ largest_class: clean.largest_class, largest_prediction: clean.largest_prediction }),
    }),
    ...given({ attack_success: attacked?.attack_success }),
  };
}

async function loadData(
  spec: TrainClassifierSpec,
  context: RunContext,
): Promise<{ training: Dataset; validation: Record<string, Dataset> }> {
  const phase = 'Data';
  const loading: DatasetContext = {
    dataDir: context.dataDir,
    seed: spec.seed,
    signal: context.signal,
    ...given({ keeper: context.keeper }),
    warn: saidOnce((message) => context.log(message)),
    attack: (request) => attackWithRun(request, context.signal),
  };
  const wanted = spec.val_data ?? {};
  const total = 1 + (spec.val_data ? Object.keys(wanted).length : 1);
  context.progress(phase, 0, total, dataName(spec.train_data));
  const training = await loadDataset(spec.train_data, loading);
  checkClasses(training);
  checkLabels(isPoisonedDataset(training) ? training.clean : training);
  context.progress(phase, 1, total);
  const validation: Record<string, Dataset> = {};
  for (const [name, data] of Object.entries(wanted)) {
    const loaded = await loadDataset(data, loading);
    checkFits(training, loaded, name);
    const note = placesNote(loaded.classes, training.classes, name);
    if (note !== undefined) context.log(note);
    validation[name] = withClasses(loaded, training, name);
    context.progress(phase, 1 + Object.keys(validation).length, total);
  }
  if (!spec.val_data) {
    Object.assign(validation, await defaultValidation(spec, training, loading));
    context.progress(phase, total, total);
  }
  return { training, validation };
}

/** Refuses data whose samples are all of one of their classes. @throws CupbearerError `bad-data`. */
function checkLabels(original: Dataset): void {
  const label = onlyLabel(original);
  if (label === undefined) return;
  const { classes, length } = original;
  throw new CupbearerError(
    'bad-data',
    `Expected training data with samples of two classes or more, found ${numbered(length, 'sample')} of the class "${classes[label]!}" alone; the data have ${classes.length} classes.`,
    { hint: 'Look at the labels of the data, or take other data.' },
  );
}

/** Validation data with labels that are numbers of the training's classes. @throws CupbearerError `usage`. */
function withClasses(loaded: Dataset, { classes }: Dataset, name: string): Dataset {
  const matched = withClassesOf(loaded, classes, name);
  if (matched === loaded || !isBackdoorDataset(loaded)) return matched;
  throw new CupbearerError(
    'usage',
    `The classes of the poisoned validation data "${name}" stand in another order than those of the training data, so that its target class would be another.`,
    { hint: 'Name the folders of the classes alike in both.' },
  );
}

/** The clean test half, and the same with the training's trigger on every image. */
async function defaultValidation(
  spec: TrainClassifierSpec,
  training: Dataset,
  loading: DatasetContext,
): Promise<Record<string, Dataset>> {
  const { original } = trainingData(spec.train_data);
  const clean = await loadSplit(original, { train: false, augment: false }, loading);
  if (!isBackdoorDataset(training)) return { clean };
  return { clean, backdoor: fullyPoisoned(clean, training.trigger, training.poison) };
}

interface Parts {
  training: Dataset;
  validation: Record<string, Dataset>;
  network: Network;
  optimizer: Optimizer;
  history: EpochRecord[];
}

async function fit(
  spec: TrainClassifierSpec,
  context: RunContext,
  { training, validation, network, optimizer, history }: Parts,
): Promise<void> {
  const { folder, signal } = context;
  const course = new StepCurve(folder, Math.ceil(training.length / spec.batch_size));
  keepSteps(folder, history.at(-1)?.steps ?? 0);
  let epochStart = performance.now();
  await train({
    network,
    optimizer,
    dataset: training,
    epochs: spec.num_epochs,
    batchSize: spec.batch_size,
    ...given({ maxSteps: spec.max_steps }),
    schedule: spec.schedule,
    labelSmoothing: spec.label_smoothing,
    seed: spec.seed,
    completed: { epochs: history.length, steps: history.at(-1)?.steps ?? 0 },
    signal,
    onStep: (taken) => {
      course.add(taken);
      const { epoch, step, stepsPlanned, loss } = taken;
      context.progress(
        'Training',
        step,
        stepsPlanned,
        `epoch ${formatCount(epoch)}/${formatCount(spec.num_epochs)}, loss ${loss.toFixed(4)}`,
      );
    },
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
  const percent = (share: number | null) => (share === null ? 'not known' : `${(100 * share).toFixed(1)} %`);
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
      `${pathOf(file)} has ${numbered(history.length, 'epoch')}, the checkpoint beside it ${checkpoint.epochs}.`,
      {
        hint: 'Train again into another folder.',
      },
    );
  }
  // A crash between the writes of an epoch leaves weights of the one before, or a line of one that will be trained
  // again.
  writeWeights(context.folder, checkpoint.weights);
  writeJsonLines(
    context.folder,
    historyFile,
    history.map((record) => ({ ...record })),
  );
  context.log(`Going on after epoch ${checkpoint.epochs}.`);
  return history;
}
