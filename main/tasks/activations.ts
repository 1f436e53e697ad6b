import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { given } from '../../shared/given.ts';
import { parameter, worded } from '../../shared/wording.ts';
import { recordedParams } from './recorded-params.ts';
import { defineRecordedTask } from './task.ts';

export const activations = defineRecordedTask({
  id: 'activations',
  title: 'Recorded activations',
  summary: 'Activations of any model, recorded elsewhere and read from files; nothing is run',
  threat:
    'What the anomalies are is up to the labels of the test samples. The defender has activations of samples that are known to be normal, and of some that may be anomalous where there are any.',
  source: 'The layer-wise interface of ejnnr/cupbearer, with the model left out',
  params: recordedParams,

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
