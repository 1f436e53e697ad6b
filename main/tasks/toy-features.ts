import { z } from 'zod';
import { refuse } from '../../shared/misfit.ts';
import { toyFeatures as toyFeaturesData } from '../data/datasets/toy-features.ts';
import { classifierFingerprint, describeClassifier } from './classifier.ts';
import { classifierParams } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { defineTask } from './task.ts';
import { trainingMisfits } from './trained-on.ts';
import { previewPopulations, twoPopulations, type Populations } from './two-populations.ts';

/** What a classifier must be trained on for this task, and how. */
const trainedOn = {
  dataset: toyFeaturesData.id,
  command: `train-classifier --train_data ${toyFeaturesData.id} --num_epochs 5`,
};

export const toyFeatures = defineTask({
  id: 'toy-features',
  title: 'Toy features',
  summary: 'Two features agree in the trusted data; inputs in which they disagree are anomalous',
  threat:
    'Nobody attacks: two features that always went together in the trusted data come apart, and the model may follow either. The defender has data in which they agree.',
  source: 'ejnnr/cupbearer, tasks.toy_features',
  trainedOn,
  params: z.object({ run_path: classifierParams.run_path, ...splitParams }),

  describe: () => 'features that disagree',
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  preview(params, classifier, context) {
    refuse(trainingMisfits(trainedOn, classifier));
    return previewPopulations(classifier, params, populations, context);
  },

  async build(params, context) {
    refuse(trainingMisfits(trainedOn, describeClassifier(params.run_path)));
    return twoPopulations(params, populations, context);
  },
});

const populations: Populations = (_, kind) => ({ features: kind === 'clean' ? 'agree' : 'disagree' });
