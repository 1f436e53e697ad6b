import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import {
  integer,
  number,
  optionalInteger,
  optionalPick,
  requiredPath,
  type Picked,
} from '../../shared/schema/fields.ts';
import type { Dataset } from '../data/dataset.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { fullyPoisoned } from '../data/poisoning.ts';
import { createTrigger, poisonOptions, triggerRegistry } from '../data/triggers/index.ts';
import { RandomStream } from '../tensor/random.ts';
import { classifierFingerprint, openClassifier, type TrainedClassifier } from './classifier.ts';
import { defineTask } from './task.ts';

/** Parameters of a trigger that only mean something in training data: a task poisons all of its anomalous samples. */
const trainingOnly = ['p_backdoor', 'p_noise'];

export const backdoor = defineTask({
  id: 'backdoor',
  title: 'Backdoor detection',
  summary: 'Tell triggered inputs from clean ones by how the classifier computes',
  source: 'ejnnr/cupbearer, tasks.backdoor_detection; backdoors: Gu et al. 2017, arXiv 1708.06733',
  params: z.object({
    run_path: requiredPath({ label: 'Classifier', help: 'Run folder of the classifier to watch' }),
    backdoor: optionalPick(() => triggerRegistry, {
      label: 'Trigger',
      help: 'Trigger of the anomalous test data; the one the classifier was trained with unless given',
      omit: trainingOnly,
    }),
    data: optionalPick(() => datasetRegistry, {
      label: 'Data',
      help: "Dataset to take the samples from; the classifier's own unless given",
    }),
    trusted_fraction: number({
      label: 'Trusted fraction',
      help: 'Share of the training samples that is trusted; the rest is untrusted data',
      default: 1,
      min: 0,
      max: 1,
    }),
    clean_test_weight: number({
      label: 'Clean share of the test data',
      help: 'The rest gets the trigger; no image is used both clean and triggered',
      default: 0.5,
      min: 0,
      max: 1,
    }),
    max_train_size: optionalInteger({
      label: 'Most training samples',
      help: 'Takes a random part of the training data; all of it unless given',
      unit: 'samples',
      min: 1,
    }),
    max_test_size: optionalInteger({
      label: 'Most test samples',
      help: 'Takes a random part of the test data; all of it unless given',
      unit: 'samples',
      min: 2,
    }),
    seed: integer({
      label: 'Task seed',
      help: 'Decides which samples are trusted, clean and triggered: equal for all detectors that shall be compared',
      default: 0,
      min: 0,
    }),
  }),

  describe(params) {
    const trigger = params.backdoor?.name;
    return [params.data?.name, trigger ? `${trigger} trigger` : 'the trigger it was trained with']
      .filter(Boolean)
      .join(', ');
  },

  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const data = params.data ?? classifier.originalData;
    if (data.name === 'backdoor') {
      throw new CupbearerError('usage', 'The data of a backdoor task must not be poisoned itself; got "backdoor".');
    }
    const { dataDir, signal, progress } = context;
    const loading = { dataDir, seed: params.seed, ...(signal ? { signal } : {}), ...(progress ? { progress } : {}) };
    const train = await loadSplit(data, { train: true, augment: false }, loading);
    const test = await loadSplit(data, { train: false, augment: false }, loading);
    checkShapes(classifier, test);

    const { spec, trigger } = triggerFor(params.backdoor, classifier, test, params.seed);
    const triggered = fullyPoisoned(test, trigger, poisonOptions(spec, params.seed));

    const order = RandomStream.from(params.seed, 'task')
      .derive('train')
      .permutation(train.length)
      .subarray(0, params.max_train_size);
    const trustedCount = Math.round(params.trusted_fraction * order.length);
    if (trustedCount === 0) {
      throw new CupbearerError(
        'usage',
        `No training sample is trusted: trusted_fraction is ${params.trusted_fraction} of ${order.length} samples.`,
      );
    }
    const testOrder = RandomStream.from(params.seed, 'task')
      .derive('test')
      .permutation(test.length)
      .subarray(0, params.max_test_size);
    const cleanCount = Math.round(params.clean_test_weight * testOrder.length);
    if (cleanCount === 0 || cleanCount === testOrder.length) {
      throw new CupbearerError(
        'usage',
        `The test data needs both clean and triggered samples; a clean share of ${params.clean_test_weight} of ${testOrder.length} samples leaves none that are ${cleanCount === 0 ? 'clean' : 'triggered'}.`,
        { hint: 'Change --task.clean_test_weight, or raise --task.max_test_size.' },
      );
    }
    return {
      network: classifier.network,
      trusted: { dataset: train, indices: order.subarray(0, trustedCount).sort() },
      ...(trustedCount < order.length
        ? { untrusted: { dataset: train, indices: order.subarray(trustedCount).sort() } }
        : {}),
      test: [
        { dataset: test, indices: testOrder.subarray(0, cleanCount).sort(), anomalous: false },
        { dataset: triggered, indices: testOrder.subarray(cleanCount).sort(), anomalous: true },
      ],
      parents: [classifier.folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: train.fingerprint,
        test_clean: test.fingerprint,
        test_anomalous: triggered.fingerprint,
      },
    };
  },
});

function checkShapes({ network, folder }: TrainedClassifier, data: Dataset): void {
  const { inputShape, classes } = network.spec;
  if (inputShape.join() === data.shape.join() && classes.length === data.classes.length) return;
  throw new CupbearerError(
    'usage',
    `The classifier in ${folder} takes inputs of shape ${inputShape.join(' x ')} in ${classes.length} classes; the data has ${data.shape.join(' x ')} in ${data.classes.length}.`,
  );
}

/** The trigger asked for; where it is of the classifier's own kind, with what was stored with the classifier. */
function triggerFor(
  asked: Picked | undefined,
  { trigger: stored, folder }: TrainedClassifier,
  data: Dataset,
  seed: number,
) {
  const spec = asked ?? stored?.spec;
  if (!spec) {
    throw new CupbearerError(
      'usage',
      `The classifier in ${folder} was trained without a trigger, so the task must name one.`,
      {
        hint: 'For example --task.backdoor corner.',
      },
    );
  }
  const isOwn = stored !== undefined && stored.spec.name === spec.name;
  const trigger = createTrigger(spec, {
    shape: data.shape,
    seed: isOwn ? stored.seed : seed,
    ...(isOwn ? { state: stored.state } : {}),
  });
  return { spec, trigger };
}
