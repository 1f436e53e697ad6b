import type { z } from 'zod';
import type { Misfit } from '../../shared/misfit.ts';
import { choice, flag, integer, number, optionalInteger } from '../../shared/schema/fields.ts';
import { parameter, worded } from '../../shared/wording.ts';
import type { TaskOffers } from './offers.ts';

/** Most samples that are left over for thresholds: more are not needed to calibrate one, and each is scored. */
export const mostSpare = 500;

/** Parameters that every task has, whatever its own. */
export const commonTaskParams = {
  overlap: choice({
    advanced: true,
    label: 'Samples used twice',
    help: 'Refuse a test whose samples are also among the trusted or untrusted data, or both clean and anomalous; or remove them from it',
    options: ['refuse', 'remove'],
    default: 'refuse',
  }),
  max_train_size: optionalInteger({
    advanced: true,
    label: 'Training samples, at most',
    empty: 'All',
    help: 'Use at most this many training samples, drawn at random, trusted and untrusted together; all if not set',
    unit: 'samples',
    min: 1,
  }),
  max_test_size: optionalInteger({
    label: 'Test samples, at most',
    empty: 'All',
    help: 'Use at most this many test samples, drawn at random; all if not set',
    unit: 'samples',
    min: 2,
  }),
  seed: integer({
    advanced: true,
    label: 'Task seed',
    help: 'Decides which samples are trusted, clean and anomalous; use the same for all detectors that you compare',
    default: 0,
    min: 0,
  }),
};

/** Parameters of tasks that draw their samples: which are trusted, clean and anomalous, and how many. */
export const splitParams = {
  trusted_fraction: number({
    control: 'share',
    label: 'Trusted fraction',
    help: 'Share of the training samples that is trusted; the rest is untrusted data',
    default: 1,
    min: 0,
    max: 1,
  }),
  clean_train_weight: number({
    control: 'share',
    label: 'Clean share of the untrusted data',
    help: 'The rest is anomalous. Methods that clean training data expect the poison to be the smaller part of its class: where ten classes are alike and one is the target, 0.99 makes it about a tenth of that',
    default: 0.99,
    min: 0,
    max: 1,
  }),
  untrusted_labels: flag({
    advanced: true,
    label: 'Labelled untrusted data',
    help: 'Tell detectors which untrusted samples are anomalous: only skylines may know',
    default: false,
  }),
  clean_test_weight: number({
    control: 'share',
    label: 'Clean test share',
    help: 'The rest of the test data is anomalous; no sample is used both clean and anomalous',
    default: 0.5,
    min: 0,
    max: 1,
  }),
  ...commonTaskParams,
};

export type SplitParams = z.output<z.ZodObject<typeof splitParams>>;

/** Test data that would be of one kind whatever the data. */
export function splitMisfits({ clean_test_weight: clean }: SplitParams): Misfit[] {
  if (clean > 0 && clean < 1) return [];
  const message = `The test data needs both clean and anomalous samples; a clean share of ${clean} leaves none that are ${clean === 0 ? 'clean' : 'anomalous'}.`;
  return [{ path: ['clean_test_weight'], message, hint: worded`Change ${parameter('task.clean_test_weight')}.` }];
}

/** What a task that draws its samples has to learn from; what is not trusted is untrusted unless it says otherwise. */
export function splitOffers(
  { trusted_fraction: trusted, untrusted_labels: isLabelled }: SplitParams,
  hasUntrusted = trusted < 1,
): TaskOffers {
  return {
    trusted: trusted > 0,
    untrusted: hasUntrusted,
    anomalyLabels: hasUntrusted && isLabelled,
    remedies: {
      trusted: {
        hint: worded`Raise ${parameter('task.trusted_fraction')}.`,
        values: { trusted_fraction: usualTrustedFraction },
      },
      untrusted: {
        hint: worded`Lower ${parameter('task.trusted_fraction')}: the rest is untrusted data.`,
        values: { trusted_fraction: usualTrustedFraction },
      },
      anomalyLabels: {
        hint: worded`Set ${parameter('task.untrusted_labels')}: only skylines may know.`,
        values: { untrusted_labels: true },
      },
    },
  };
}

/** A trusted fraction that leaves enough of both kinds of data. */
const usualTrustedFraction = 0.8;
