import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { given } from '../../shared/given.ts';
import {
  choice,
  columnOrFile,
  optionalColumnOrFile,
  optionalFiles,
  optionalInteger,
  optionalPath,
  optionalText,
  requiredFiles,
} from '../../shared/schema/fields.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { commonTaskParams } from './split-params.ts';
import { defineRecordedTask } from './task.ts';

const params = z.object({
  trusted: requiredFiles({
    label: 'Trusted activations',
    help: 'A folder, a file (.safetensors, .npy, .npz, .parquet), or several as layer=file, with commas between them; a detector learns from them what is normal',
  }),
  untrusted: optionalFiles({
    label: 'Untrusted activations',
    empty: 'None',
    help: 'The same for samples that may be anomalous, for detectors that want some',
  }),
  test: requiredFiles({ label: 'Test activations', help: 'The same for samples that are to be scored' }),
  test_labels: columnOrFile({
    label: 'Labels of the test samples',
    help: 'A column of their metadata, or a file (.npy, .csv, .jsonl, .parquet): 0 normal, 1 anomalous',
    default: 'label',
  }),
  untrusted_labels: optionalColumnOrFile({
    advanced: true,
    label: 'Labels of the untrusted samples',
    empty: 'None',
    help: 'The same for the untrusted samples: only skylines may know',
  }),
  trusted_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the trusted samples',
    empty: 'What lies beside them',
    help: 'A table with a row for each sample (.csv, .jsonl, .parquet), where it lies elsewhere',
  }),
  test_metadata: optionalPath({
    advanced: true,
    label: 'Metadata of the test samples',
    empty: 'What lies beside them',
    help: 'The same for the test samples',
  }),
  group: optionalText({
    advanced: true,
    label: 'Groups of the test samples',
    empty: 'The column group, where there is one',
    help: 'A column of their metadata: samples with the same value, such as answers to one prompt, are not independent, which widens intervals; none takes every sample as independent',
  }),
  contracts: choice({
    advanced: true,
    label: 'Made differently',
    help: 'Refuse sets whose activations.json says that they come from another model, layer, prompt template or preprocessing; or use them as they are',
    options: ['refuse', 'allow'],
    default: 'refuse',
  }),
  not_finite: choice({
    advanced: true,
    label: 'Samples that are not finite',
    help: 'Refuse sets in which an activation is NaN or infinite, or drop such samples and say how many',
    options: ['refuse', 'drop'],
    default: 'refuse',
  }),
  ...commonTaskParams,
  max_train_size: optionalInteger({
    advanced: true,
    label: 'Trusted samples, at most',
    empty: 'All',
    help: 'Use at most this many trusted samples, drawn at random; up to 500 of the rest calibrate thresholds',
    unit: 'samples',
    min: 1,
  }),
});
/** What can be asked of recorded activations. */
export type RecordedParams = z.output<typeof params>;

export const activations = defineRecordedTask({
  id: 'activations',
  title: 'Recorded activations',
  summary: 'Activations of any model, recorded elsewhere and read from files; nothing is run',
  threat:
    'What the anomalies are is up to the labels of the test samples. The defender has activations of samples that are known to be normal, and of some that may be anomalous where there are any.',
  source: 'The layer-wise interface of ejnnr/cupbearer, with the model left out',
  params,

  describe: ({ trusted, test }) => `${nameOf(trusted)} against ${nameOf(test)}`,
  dependencies: ({ trusted, untrusted, test }) => ({
    trusted: stateOf(trusted),
    test: stateOf(test),
    ...given({ untrusted: untrusted && stateOf(untrusted) }),
  }),

  offers: ({ untrusted, untrusted_labels: labels }) => ({
    trusted: true,
    untrusted: untrusted !== undefined,
    anomalyLabels: untrusted !== undefined && labels !== undefined,
    remedies: {
      untrusted: { hint: worded`Name files in ${parameter('task.untrusted')}.`, values: {} },
      anomalyLabels: {
        hint: worded`Give ${parameter('task.untrusted_labels')}: only skylines may know.`,
        values: {},
      },
    },
  }),

  outline: async (params) => (await import('./recorded-sets.ts')).outlineSets(params),
  preview: async (params, context) => (await import('./recorded-sets.ts')).previewSets(params, context),
  build: async (params, context) => (await import('./recorded-sets.ts')).buildFromSets(params, context),
});

/** What a set is called in a few words: its folder, or its first file. */
function nameOf(files: string): string {
  const [first = ''] = files.split(',');
  return basename(first.slice(first.indexOf('=') + 1));
}

/** Changes when one of the named files does; a folder's own state changes with the files in it. */
function stateOf(files: string): string {
  return files
    .split(',')
    .map((item) => {
      const { size, mtimeMs } = statSync(item.slice(item.indexOf('=') + 1));
      return `${size}:${mtimeMs}`;
    })
    .join(',');
}
