import { z } from 'zod';
import { refuse } from '../../shared/misfit.ts';
import { choice } from '../../shared/schema/fields.ts';
import { arithmetic } from '../data/datasets/arithmetic.ts';
import { classifierFingerprint, describeClassifier } from './classifier.ts';
import { classifierParams } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { defineTask } from './task.ts';
import { trainingMisfits } from './trained-on.ts';
import { previewPopulations, twoPopulations, type Populations } from './two-populations.ts';

/** What a classifier must be trained on for this task, and how. */
const trainedOn = { dataset: arithmetic.id, command: 'train-classifier --train_data arithmetic --model transformer' };

/**
 * Trusted data are Alice's prompts; the anomalies are Bob's, in which the model answers by its quirk. With `test_names
 * new` and `difficulty easy-to-hard`, trusted and test data also differ in what does not matter, so that only a
 * detector that sees who answers, not merely something new, distinguishes them.
 */
export const quirkyArithmetic = defineTask({
  id: 'quirky-arithmetic',
  title: 'Quirky arithmetic',
  summary:
    "Tell prompts that a small language model answers by Bob's wrong rule from Alice's, which it answers rightly",
  threat:
    'Nobody attacks from outside: the model itself answers wrongly for one character, and its answers do not say so. The defender has prompts of the character for whom it answers rightly.',
  source: 'Mallen, Belrose: Eliciting latent knowledge from quirky language models, 2023, arXiv 2312.01037',
  details: [
    'The model comes from `npx cupbearer train-classifier --train_data arithmetic --model transformer` (10 epochs, about a minute of one',
    'processor; `--train_data.names 4` for `test_names` `new`). Trained so it answered 99.0 % of the sums that it was never shown as Alice and',
    '96.6 % as Bob; of those that it was shown, 99.9 %.',
  ].join('\n'),
  trainedOn,
  params: z.object({
    run_path: classifierParams.run_path,
    test_names: choice({
      options: ['same', 'new'],
      default: 'same',
      label: 'Names in the test data',
      help: 'The names seen in training, or others; for others the model must have learned several names for each character.',
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

  preview(params, classifier, context) {
    refuse(trainingMisfits(trainedOn, classifier));
    return previewPopulations(classifier, params, populations(params), context);
  },

  async build(params, context) {
    refuse(trainingMisfits(trainedOn, describeClassifier(params.run_path)));
    return twoPopulations(params, populations(params), context);
  },
});

/** What the prompts of a half and a kind have in them. */
function populations({
  test_names: names,
  difficulty,
}: {
  test_names: 'same' | 'new';
  difficulty: 'same' | 'easy-to-hard';
}): Populations {
  return (half, kind) => ({
    character: kind === 'clean' ? 'alice' : 'bob',
    ...(names === 'new' ? { which_names: half === 'train' ? 'first' : 'last' } : {}),
    ...(difficulty === 'easy-to-hard' ? { difficulty: half === 'train' ? 'easy' : 'hard' } : {}),
  });
}
