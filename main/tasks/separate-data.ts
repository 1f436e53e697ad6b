import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { optionalPick, pick, type Picked } from '../../shared/schema/fields.ts';
import { concatenated } from '../data/transforms/concatenated.ts';
import { dataWord } from '../data/datasets/dataset-title.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { loadDataset } from '../data/datasets/load.ts';
import type { Dataset } from '../data/dataset.ts';
import { classifierFingerprint, openClassifier, type TrainedClassifier } from './classifier.ts';
import { classifierParams, dataMisfits, fittedToClassifier, loadingContext } from './clean-data.ts';
import { splitParams } from './split-params.ts';
import { assembleParts, split } from './splits.ts';
import { defineTask, type TaskContext } from './task.ts';
import { parameter, worded } from '../../shared/wording.ts';

const choose = (label: string, help: string) => optionalPick(() => datasetRegistry, { label, help });

const params = z.object({
  run_path: classifierParams.run_path,
  trusted_data: pick(() => datasetRegistry, {
    label: 'Trusted data',
    help: 'Trusted samples; what the trusted fraction leaves over counts as clean untrusted data',
  }),
  clean_untrusted_data: choose('Clean untrusted data', 'Normal samples of the untrusted data'),
  anomalous_untrusted_data: choose('Anomalous untrusted data', 'Anomalous samples of the untrusted data'),
  clean_test_data: pick(() => datasetRegistry, { label: 'Clean test data', help: 'Normal samples to test with' }),
  anomalous_test_data: pick(() => datasetRegistry, {
    label: 'Anomalous test data',
    help: 'Anomalous samples to test with',
  }),
  ...splitParams,
});

const dataKeys = [
  'trusted_data',
  'clean_untrusted_data',
  'anomalous_untrusted_data',
  'clean_test_data',
  'anomalous_test_data',
] as const;

export const separateData = defineTask({
  id: 'separate-data',
  title: 'Separate datasets',
  summary: 'Any datasets for trusted, untrusted, clean test and anomalous test data',
  threat:
    'What the anomalies are and where they come from is up to the data that are named. The defender has the trusted data, and the untrusted ones where there are any.',
  source: 'ejnnr/cupbearer, tasks.Task.from_separate_data',
  params,

  describe: ({ clean_test_data: clean, anomalous_test_data: anomalous }) =>
    `${dataWord(clean)} against ${dataWord(anomalous)}`,
  dependencies: ({ run_path }) => ({ model: classifierFingerprint(run_path) }),

  hasUntrusted: ({ trusted_fraction: trusted, clean_untrusted_data: clean, anomalous_untrusted_data: anomalous }) =>
    trusted < 1 || clean !== undefined || anomalous !== undefined,
  misfits: (params, classifier, dataDir) =>
    dataKeys.flatMap((key) => dataMisfits(key, params[key], classifier, dataDir)),

  async preview(params, _, context) {
    const load = (data: Picked) => loadDataset(data, loadingContext(context, params.seed));
    const clean = await load(params.clean_test_data);
    return { clean, changed: await load(params.anomalous_test_data), isUnpaired: true };
  },

  async build(params, context) {
    const classifier = openClassifier(params.run_path);
    const load = loader(classifier, params.seed, context);
    const trusted = await load(params.trusted_data);
    const cleanUntrusted = params.clean_untrusted_data && (await load(params.clean_untrusted_data));
    const anomalousUntrusted = params.anomalous_untrusted_data && (await load(params.anomalous_untrusted_data));
    const test = { clean: await load(params.clean_test_data), anomalous: await load(params.anomalous_test_data) };
    const train = {
      clean: cleanUntrusted ? concatenated(trusted, cleanUntrusted) : trusted,
      ...(anomalousUntrusted ? { anomalous: anomalousUntrusted } : {}),
    };
    const divided = split(
      {
        clean: train.clean.length,
        neverTrusted: cleanUntrusted?.length ?? 0,
        anomalous: anomalousUntrusted?.length ?? 0,
      },
      { clean: test.clean.length, anomalous: test.anomalous.length },
      anomalousUntrusted ? params : { ...params, clean_train_weight: 1 },
    );
    if (anomalousUntrusted && divided.untrusted.anomalous.length === 0 && params.clean_train_weight < 1) {
      throw new CupbearerError(
        'usage',
        `No anomalous untrusted sample can be used: expected clean untrusted samples beside them (their share is ${params.clean_train_weight}), found none.`,
        {
          hint: worded`Give ${parameter('task.clean_untrusted_data')}, lower ${parameter('task.trusted_fraction')}, or set ${parameter('task.clean_train_weight')} to 0.`,
        },
      );
    }
    return {
      source: classifier.source,
      ...assembleParts(train, test, divided, params),
      parents: [classifier.folder],
      fingerprints: {
        model: classifier.fingerprint,
        trusted: trusted.fingerprint,
        test_clean: test.clean.fingerprint,
        test_anomalous: test.anomalous.fingerprint,
      },
    };
  },
});

/** Loads any dataset of the task as it is asked for, checked against the classifier. */
function loader(classifier: TrainedClassifier, seed: number, context: TaskContext) {
  return async (spec: Picked): Promise<Dataset> => {
    const dataset = await loadDataset(spec, loadingContext(context, seed));
    return fittedToClassifier(classifier, dataset, spec.name);
  };
}
