import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { loadSplit } from '../data/datasets/load.ts';
import { toyFeatures as toyFeaturesData } from '../data/datasets/toy-features.ts';
import { classifierFingerprint, openClassifier, type ClassifierData } from './classifier.ts';
import { classifierParams, checkFitsClassifier, loadingContext } from './clean-data.ts';
import { assembleParts, split, splitParams } from './splits.ts';
import { defineTask, type TaskContext } from './task.ts';

export const toyFeatures = defineTask({
  id: 'toy-features',
  title: 'Toy features',
  summary: 'Two features agree in the trusted data; inputs in which they disagree are anomalous',
  source: 'ejnnr/cupbearer, tasks.toy_features',
  trainedOn: toyFeaturesData.id,
  params: z.object({ run_path: classifierParams.run_path, ...splitParams }),

  describe: () => 'features that disagree',
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  async preview(params, classifier, context) {
    const load = loader(classifier, params.seed, context);
    return { clean: await load(true, 'agree'), changed: await load(true, 'disagree') };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const { originalData, folder } = classifier;
    const load = loader(classifier, params.seed, context);
    const train = { clean: await load(true, 'agree'), anomalous: await load(true, 'disagree') };
    const test = { clean: await load(false, 'agree'), anomalous: await load(false, 'disagree') };
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

/** Loads a half of the data that the classifier is trained on. @throws CupbearerError `usage` where these are others. */
function loader({ originalData, folder }: ClassifierData, seed: number, context: TaskContext) {
  if (originalData.name !== toyFeaturesData.id) {
    throw new CupbearerError(
      'usage',
      `Expected a classifier trained on ${toyFeaturesData.id}; the one in ${folder} was trained on ${originalData.name}.`,
      { hint: `Train one with: npx cupbearer train-classifier --train_data ${toyFeaturesData.id} --num_epochs 5` },
    );
  }
  const loading = loadingContext(context, seed);
  return (train: boolean, features: 'agree' | 'disagree') =>
    loadSplit({ ...originalData, features }, { train, augment: false }, loading);
}
