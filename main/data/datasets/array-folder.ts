import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { requiredPath } from '../../../shared/schema/fields.ts';
import { withAbsentClasses } from '../class-counts.ts';
import { requireDataReach } from '../data-reach.ts';
import { defineDataset } from '../dataset.ts';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { limited } from '../transforms/subset.ts';
import { readArrayDescription } from './array-files.ts';
import { splitFields } from './fields.ts';
import { prepared } from './prepared.ts';

/** Data that were imported from arrays or tables: `data import` writes the folder. */
export const arrayFolder = defineDataset({
  id: 'array-folder',
  title: 'Imported arrays',
  summary: 'Images, features or texts that were imported from npz, npy, CSV or Parquet files',
  source: 'The folder that "data import" writes',
  params: z.object({
    folder: requiredPath({
      label: 'Folder',
      help: 'Folder of the imported dataset, with a dataset.json.',
    }),
    ...splitFields,
  }),
  facts: ({ folder }) => {
    requireDataReach(folder);
    const { shape, classes, vocabulary, counts } = readArrayDescription(folder);
    return { shape, classes, counts, ...given({ vocabulary }) };
  },
  async load(params, context) {
    requireDataReach(params.folder);
    const { readArrays } = await import('../readers/arrays.ts');
    const dataset = await readArrays(params.folder, params.train ? 'train' : 'test', context);
    if (dataset.shape.length === 3) return prepared(dataset, params, defaultAugmentation, context);
    const samples = limited(withAbsentClasses(dataset, params.train), params.limit, context.seed);
    if (samples.length > 0) return samples;
    throw new CupbearerError('bad-data', `"${params.folder}" has no samples.`);
  },
});
