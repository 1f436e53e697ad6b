import { z } from 'zod';
import { choice, flag, integer, number } from '../../shared/schema/fields.ts';
import { dataWord } from '../data/datasets/dataset-title.ts';
import type { AttackOptions } from '../models/attacks.ts';
import { classifierFingerprint, gradientMisfits, isTrained, openClassifier, originalDataOf } from './classifier.ts';
import { classifierParams, cleanDataMisfits, loadCleanData, loadPreviewData } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { assembleParts, split } from './splits.ts';
import { attackedDataset, attackedForNow } from './stored-attack.ts';
import { defineTask } from './task.ts';

const attackTitles = { pgd: 'PGD', fgsm: 'FGSM' };

const attackParams = {
  attack: choice({
    label: 'Attack',
    help: 'pgd: projected gradient descent; fgsm: one step of size eps from the input itself',
    options: ['pgd', 'fgsm'],
    titles: attackTitles,
    default: 'pgd',
  }),
  eps: number({
    label: 'Radius',
    help: 'Largest change of any value, for values of 0 to 1',
    default: 8 / 255,
    min: 0,
    max: 1,
  }),
  step_size: number({
    label: 'Step size',
    help: 'Change of each value in one step of pgd',
    default: 2 / 255,
    min: 0,
    max: 1,
  }),
  steps: integer({ label: 'Steps', help: 'Steps of pgd', unit: 'steps', default: 40, min: 1, max: 100_000 }),
  random_start: flag({ label: 'Random start', help: 'Start pgd at a random place within the radius', default: true }),
  success_threshold: number({
    label: 'Success threshold',
    help: 'Smallest share of right predictions that the attack must change; below it the task is refused',
    default: 0.9,
    min: 0,
    max: 1,
  }),
};

export const adversarialExamples = defineTask({
  id: 'adversarial-examples',
  title: 'Adversarial examples',
  summary: 'Tell inputs that were changed to be misclassified from clean ones',
  threat:
    'The attacker knows the whole model and changes single inputs, each by no more than the radius, until the model mistakes them; the training data are clean. The defender has some data that are known to be clean.',
  source: 'ejnnr/cupbearer, tasks.adversarial_examples; pgd: Madry et al., arXiv 1706.06083; fgsm: arXiv 1412.6572',
  anomalous: 'Adversarial',
  aim: 'mistake',
  proposedFor: 'unpoisoned',
  params: z.object({ ...classifierParams, ...attackParams, ...splitParams }),

  describe: (params) =>
    [params.data && dataWord(params.data), `${attackTitles[params.attack]}, radius ${params.eps.toFixed(3)}`]
      .filter(Boolean)
      .join(', '),
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  misfits: (params, classifier, dataDir) => [
    ...gradientMisfits(classifier),
    ...cleanDataMisfits(params, classifier, dataDir),
  ],

  async preview(params, classifier, context) {
    const clean = await loadPreviewData(classifier, params, context);
    if (!isTrained(classifier.folder)) {
      return { clean, note: 'The attack is made with the trained model: it can be seen once that has been trained.' };
    }
    const { name } = params.data ?? originalDataOf(classifier);
    return {
      clean,
      changed: (indices) =>
        attackedForNow(classifier.folder, { dataset: clean, name }, indices, attackOptions(params), context),
    };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const { train, test } = await loadCleanData(classifier, params, context);
    const chosen = split({ clean: train.length }, { clean: test.length }, params);
    const options = attackOptions(params);
    const { success_threshold: threshold } = params;
    const attack = (dataset: typeof test, indices: Int32Array) =>
      indices.length === 0
        ? Promise.resolve(dataset)
        : attackedDataset(classifier, dataset, indices, options, threshold, context);
    const attacked = {
      test: await attack(test, chosen.test.anomalous),
      train: await attack(train, chosen.untrusted.anomalous),
    };
    const tested = { clean: test, anomalous: attacked.test, original: test };
    return {
      source: classifier.source,
      ...assembleParts({ clean: train, anomalous: attacked.train }, tested, chosen, params),
      parents: [classifier.folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: train.fingerprint,
        test_clean: test.fingerprint,
        test_anomalous: attacked.test.fingerprint,
      },
    };
  },
});

function attackOptions(params: {
  attack: 'pgd' | 'fgsm';
  eps: number;
  step_size: number;
  steps: number;
  random_start: boolean;
  seed: number;
}): AttackOptions {
  const { eps, seed } = params;
  if (params.attack === 'fgsm') return { eps, stepSize: eps, steps: 1, randomStart: false, seed };
  return { eps, stepSize: params.step_size, steps: params.steps, randomStart: params.random_start, seed };
}
