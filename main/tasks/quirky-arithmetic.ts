import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { choice } from '../../shared/schema/fields.ts';
import { arithmetic } from '../data/datasets/arithmetic.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { classifierFingerprint, openClassifier, type ClassifierData } from './classifier.ts';
import { checkFitsClassifier, classifierParams, loadingContext } from './clean-data.ts';
import { assembleParts, split, splitParams } from './splits.ts';
import { defineTask, type TaskContext } from './task.ts';

/**
 * Trusted data are Alice's prompts; the anomalies are Bob's, in which the model answers by its quirk. With
 * `test_names new` and `difficulty easy-to-hard`, trusted and test data also differ in what does not matter, so that only a detector that
 * sees who answers, not merely something new, tells them apart.
 */
export const quirkyArithmetic = defineTask({
  id: 'quirky-arithmetic',
  title: 'Quirky arithmetic',
  summary:
    "Tell prompts that a small language model answers by Bob's wrong rule from Alice's, which it answers rightly",
  source: 'Mallen, Belrose: Eliciting latent knowledge from quirky language models, 2023, arXiv 2312.01037',
  trainedOn: arithmetic.id,
  params: z.object({
    run_path: classifierParams.run_path,
    test_names: choice({
      options: ['same', 'new'],
      default: 'same',
      label: 'Names in the test data',
      help: 'The same as in the training data, or others; the model must know several names for each character then.',
    }),
    difficulty: choice({
      options: ['same', 'easy-to-hard'],
      default: 'same',
      label: 'Difficulty',
      help: 'Sums of one kind, or easy ones in the trusted and untrusted data and hard ones in the test data.',
    }),
    ...splitParams,
  }),

  describe: ({ test_names: names, difficulty }) =>
    ["Bob's rule", ...(names === 'new' ? ['new names'] : []), ...(difficulty === 'same' ? [] : ['easy to hard'])].join(
      ', ',
    ),
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  async preview(params, classifier, context) {
    const load = loader(classifier, params, context);
    return { clean: await load(true, 'alice'), changed: await load(true, 'bob') };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const { originalData, folder } = classifier;
    const load = loader(classifier, params, context);
    const train = { clean: await load(true, 'alice'), anomalous: await load(true, 'bob') };
    const test = { clean: await load(false, 'alice'), anomalous: await load(false, 'bob') };
    checkFitsClassifier(classifier, train.clean, originalData.name);
    return {
      network: classifier.network,
      ...assembleParts(train, test, split({ clean: train.clean.length }, { clean: test.clean.length }, params), params),
      parents: [folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: train.clean.fingerprint,
        test_clean: test.clean.fingerprint,
        test_anomalous: test.anomalous.fingerprint,
      },
    };
  },
});

interface Prompts {
  test_names: 'same' | 'new';
  difficulty: 'same' | 'easy-to-hard';
}

/** Loads a half of the data that the classifier is trained on. @throws CupbearerError `usage` where these are others. */
function loader({ originalData, folder }: ClassifierData, params: Prompts & { seed: number }, context: TaskContext) {
  if (originalData.name !== arithmetic.id) {
    throw new CupbearerError(
      'usage',
      `Expected a classifier trained on ${arithmetic.id}; the one in ${folder} was trained on ${originalData.name}.`,
      { hint: 'Train one with: npx cupbearer train-classifier --train_data arithmetic --model transformer' },
    );
  }
  const loading = loadingContext(context, params.seed);
  return (train: boolean, character: 'alice' | 'bob') =>
    loadSplit({ ...originalData, character, ...promptsOf(params, train) }, { train, augment: false }, loading);
}

/** What the prompts of a half have in them apart from who answers. */
function promptsOf({ test_names: names, difficulty }: Prompts, train: boolean): Record<string, unknown> {
  return {
    ...(names === 'new' ? { which_names: train ? 'first' : 'last' } : {}),
    ...(difficulty === 'easy-to-hard' ? { difficulty: train ? 'easy' : 'hard' } : {}),
  };
}
