import { flag, optionalInteger, optionalPath } from '../../../shared/schema/fields.ts';

/** Parameters that every dataset with a training and a test half has. */
export const splitFields = {
  train: flag({
    advanced: true,
    default: true,
    label: 'Training half',
    help: 'The training half; otherwise the test half.',
  }),
  default_augmentations: flag({
    advanced: true,
    default: true,
    label: 'Default augmentations',
    help: 'Apply random crops and rotations (and flips, for natural images) to the training half; the test half is never changed.',
  }),
  limit: optionalInteger({
    advanced: true,
    min: 1,
    label: 'Limit',
    empty: 'All',
    help: 'Use at most this many samples, drawn by the seed; all if not set.',
    unit: 'samples',
  }),
};

/** As {@link splitFields}, for datasets that lie in a folder. */
export const storedFields = {
  ...splitFields,
  folder: optionalPath({
    advanced: true,
    label: 'Folder',
    help: "Folder with the dataset's files; by default the folder of that name in the data folder.",
  }),
};
