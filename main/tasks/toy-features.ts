import { z } from 'zod';
import { toyFeatures as toyFeaturesData } from '../data/datasets/toy-features.ts';
import { classifierFingerprint } from './classifier.ts';
import { classifierParams } from './clean-data.ts';
import { outlineClassifierTask } from './outline.ts';
import { splitParams, type SplitParams } from './splits.ts';
import { defineTask, type TaskOutline } from './task.ts';
import { checkTrainedOn, previewPopulations, twoPopulations, type Populations } from './two-populations.ts';

export const toyFeatures = defineTask({
  id: 'toy-features',
  title: 'Toy features',
  summary: 'Two features agree in the trusted data; inputs in which they disagree are anomalous',
  source: 'ejnnr/cupbearer, tasks.toy_features',
  trainedOn: toyFeaturesData.id,
  params: z.object({ run_path: classifierParams.run_path, ...splitParams }),

  describe: () => 'features that disagree',
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  outline: checkedOutline,

  preview(params, classifier, context) {
    checkTrainedOn(classifier, toyFeaturesData.id, command);
    return previewPopulations(classifier, params, populations, context);
  },

  async build(params, context) {
    checkedOutline(params);
    return twoPopulations(params, populations, context);
  },
});

/** How a classifier is trained that this task can be built on. */
const command = `train-classifier --train_data ${toyFeaturesData.id} --num_epochs 5`;

const populations: Populations = (_, kind) => ({ features: kind === 'clean' ? 'agree' : 'disagree' });

function checkedOutline(params: SplitParams & { run_path: string }): TaskOutline {
  const outline = outlineClassifierTask(params);
  checkTrainedOn(outline.classifier, toyFeaturesData.id, command);
  return outline;
}
