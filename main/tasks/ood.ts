import { z } from 'zod';
import { refuse, type Misfit } from '../../shared/misfit.ts';
import { defaultPick, type Picked } from '../../shared/schema/fields.ts';
import { dataWord } from '../data/datasets/dataset-title.ts';
import { changed } from '../data/transforms/changed.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadTrigger, triggerRegistry } from '../data/triggers/index.ts';
import { poisonFields } from '../data/triggers/trigger.ts';
import {
  chosenTrigger,
  triggerFor,
  triggerMisfits,
  triggerKey,
  triggerName,
  triggerParam,
} from './classifier-trigger.ts';
import { classifierFingerprint, openClassifier } from './classifier.ts';
import { classifierParams, cleanDataMisfits, loadCleanData, loadPreviewData } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { assembleParts, split } from './splits.ts';
import { defineTask } from './task.ts';
import { parameter, worded } from '../../shared/wording.ts';

/**
 * The test's normal samples are changed in a way that means nothing to the classifier (noise, say), so that a detector
 * of mere novelty suspects them as much as the triggered ones: only one that sees the mechanism distinguishes them.
 */
export const ood = defineTask({
  id: 'ood',
  title: 'Backdoor against harmless novelty',
  summary: 'Tell triggered inputs from clean ones that were changed harmlessly, with noise for example',
  threat:
    'The attacker puts a trigger on a share of the training data and later on any input; normal inputs come changed as well, in ways that mean nothing. The defender has some unchanged, clean data, and must tell the attack from what is merely new.',
  source: 'An ablation of ejnnr/cupbearer, tasks.backdoor_detection',
  anomalous: 'Triggered',
  normal: 'Changed harmlessly',
  params: z.object({
    ...classifierParams,
    [triggerKey]: triggerParam,
    change: defaultPick(() => triggerRegistry, {
      label: 'Harmless change',
      help: 'How the normal test samples are changed: by anything but the trigger; their labels stay the same',
      default: 'noise',
      omit: [...Object.keys(poisonFields), 'p_noise'],
    }),
    ...splitParams,
  }),

  describe: (params) =>
    [
      params.data && dataWord(params.data),
      params.backdoor && triggerName(params.backdoor),
      `against ${params.change.name}`,
    ]
      .filter(Boolean)
      .join(', '),
  dependencies: (params) => ({ model: classifierFingerprint(params.run_path) }),

  misfits: (params, classifier, dataDir) => [
    ...cleanDataMisfits(params, classifier, dataDir),
    ...triggerMisfits(params, classifier),
    ...changeMisfits(params.change, chosenTrigger(params.backdoor, classifier)),
  ],

  async preview(params, classifier, context) {
    const clean = await loadPreviewData(classifier, params, context);
    const { trigger, poison } = await triggerFor(params.backdoor, classifier, clean, params.seed);
    refuse(changeMisfits(params.change, trigger));
    return { clean, normal: await harmlesslyChanged(clean, params), changed: poison(clean) };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const { train, test } = await loadCleanData(classifier, params, context);
    const { trigger, poison } = await triggerFor(params.backdoor, classifier, test, params.seed);
    refuse(changeMisfits(params.change, trigger));
    const harmless = await harmlesslyChanged(test, params);
    const triggered = poison(test);
    const chosen = split({ clean: train.length }, { clean: test.length }, params);
    return {
      source: classifier.source,
      ...assembleParts(
        { clean: train, anomalous: poison(train) },
        { clean: harmless, anomalous: triggered, original: test },
        chosen,
        params,
      ),
      parents: [classifier.folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: train.fingerprint,
        test_clean: harmless.fingerprint,
        test_anomalous: triggered.fingerprint,
      },
    };
  },
});

async function harmlesslyChanged(data: Dataset, { change, seed }: { change: Picked; seed: number }): Promise<Dataset> {
  const { shape, vocabulary } = data;
  return changed(data, await loadTrigger(change, { shape, vocabulary, seed }), seed);
}

/** A change by which the normal samples would get the very trigger. */
function changeMisfits(change: Picked, trigger: Picked | undefined): Misfit[] {
  if (trigger?.name !== change.name) return [];
  const message = `Expected a harmless change other than the trigger, found "${trigger.name}" for both.`;
  return [
    {
      path: ['change'],
      message,
      hint: worded`Choose another by ${parameter('task.change')}, for example noise or wanet.`,
    },
  ];
}
