import { z } from 'zod';
import { toyFeatures as toyFeaturesData } from '../data/datasets/toy-features.ts';
import { classifierFingerprint } from './classifier.ts';
import { classifierParams } from './clean-data.ts';
import { outlineClassifierTask } from './outline.ts';
import { splitParams, type SplitParams } from './splits.ts';
import { defineTask, type TaskOutline } from './task.ts';
import { checkTrainedOn, twoPopulations } from './two-populations.ts';

export const toyFeatures = defineTask({
  id: 'toy-features',
  title: 'Toy features',
  summary: 'Two features agree in the trusted data; inputs in which they disagree are anomalous',
  source: 'ejnnr/cupbearer, tasks.toy_features',
  params: z.object({ run_path: classifierParams.run_path, ...splitParams }),

  describe: () => 'features that disagree',
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  outline: checkedOutline,

  async build(params, context) {
    checkedOutline(params);
    return twoPopulations(params, (_, kind) => ({ features: kind === 'clean' ? 'agree' : 'disagree' }), context);
  },
});

function checkedOutline(params: SplitParams & { run_path: string }): TaskOutline {
  const outline = outlineClassifierTask(params);
  const command = `train-classifier --train_data ${toyFeaturesData.id} --num_epochs 5`;
  checkTrainedOn(outline.classifier, toyFeaturesData.id, command);
  return outline;
}
