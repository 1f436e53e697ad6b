import { z } from 'zod';
import { dataWord } from '../data/datasets/dataset-title.ts';
import { triggerFor, triggerMisfits, triggerKey, triggerName, triggerParam } from './classifier-trigger.ts';
import { classifierFingerprint, openClassifier } from './classifier.ts';
import { classifierParams, cleanDataMisfits, loadCleanData, loadPreviewData } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { assembleParts, split } from './splits.ts';
import { defineTask } from './task.ts';

export const backdoor = defineTask({
  id: 'backdoor',
  title: 'Backdoor detection',
  summary: 'Tell triggered inputs from clean ones by how the classifier computes',
  threat:
    'The attacker puts a trigger on a share of the training data and labels these inputs as the attack wants them, and later puts the trigger on any input. The defender has some data that are known to be clean and knows neither the trigger nor its target.',
  source: 'ejnnr/cupbearer, tasks.backdoor_detection; backdoors: Gu et al. 2017, arXiv 1708.06733',
  anomalous: 'Triggered',
  aim: 'label',
  proposedFor: 'poisoned',
  params: z.object({ ...classifierParams, [triggerKey]: triggerParam, ...splitParams }),

  describe: (params) =>
    [params.data && dataWord(params.data), params.backdoor && triggerName(params.backdoor)].filter(Boolean).join(', '),
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  misfits: (params, classifier, dataDir) => [
    ...cleanDataMisfits(params, classifier, dataDir),
    ...triggerMisfits(params, classifier),
  ],

  async preview(params, classifier, context) {
    const clean = await loadPreviewData(classifier, params, context);
    const { poison } = await triggerFor(params.backdoor, classifier, clean, params.seed);
    return { clean, changed: poison(clean) };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const { train, test } = await loadCleanData(classifier, params, context);
    const { poison } = await triggerFor(params.backdoor, classifier, test, params.seed);
    const triggered = { train: poison(train), test: poison(test) };
    const chosen = split({ clean: train.length }, { clean: test.length }, params);
    return {
      source: classifier.source,
      ...assembleParts(
        { clean: train, anomalous: triggered.train },
        { clean: test, anomalous: triggered.test, original: test },
        chosen,
        params,
      ),
      parents: [classifier.folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: train.fingerprint,
        test_clean: test.fingerprint,
        test_anomalous: triggered.test.fingerprint,
      },
    };
  },
});
