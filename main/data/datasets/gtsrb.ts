import { join } from 'node:path';
import { z } from 'zod';
import { flag } from '../../../shared/schema/fields.ts';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { defineDataset } from '../dataset.ts';
import { storedFields } from './fields.ts';
import { pictureFields } from './picture-fields.ts';
import { prepared } from './prepared.ts';

const classes = Array.from({ length: 43 }, (_, k) => String(k));

const byHand = {
  files: ['GTSRB_Final_Training_Images.zip', 'GTSRB_Final_Test_Images.zip', 'GTSRB_Final_Test_GT.zip'],
  homepage: 'https://benchmark.ini.rub.de',
};
const hint = `Unpack ${byHand.files.slice(0, -1).join(', ')} and ${byHand.files.at(-1)} (${byHand.homepage}) there.`;

/** Traffic signs as published: `Final_Training/Images/00000/...ppm` and `Final_Test/Images/...ppm` with their tables. */
export const gtsrb = defineDataset({
  id: 'gtsrb',
  title: 'GTSRB',
  summary: 'Photographs of 43 German traffic signs, scaled to 32\u00a0×\u00a032 colour, 39\u202f209 + 12\u202f630',
  source: 'Stallkamp, Schlipsing, Salmen, Igel: Man vs. computer, Neural Networks 32, 2012',
  byHand,
  usualAccuracy: { cnn: { accuracy: 0.9831, source: 'Stallkamp et al., 2012, multi-scale network' } },
  params: z.object({
    ...storedFields,
    ...pictureFields,
    crop: flag({
      default: false,
      label: 'Crop',
      help: 'Take only the region of the sign as given with the pictures, without the border around it.',
    }),
  }),
  facts: ({ size, colour }) => ({ shape: [size, size, colour ? 3 : 1], classes }),
  async load(params, context) {
    const { gtsrbFiles } = await import('./gtsrb-files.ts');
    const { pictureDataset } = await import('../pictures/picture-files.ts');
    const files = gtsrbFiles(params.folder ?? join(context.dataDir, 'gtsrb'), params.train, classes.length, hint);
    const pictures = await pictureDataset(
      'gtsrb',
      params.crop ? files : files.map(({ path, label }) => ({ path, label })),
      classes,
      { size: params.size, colour: params.colour, undecodableShare: params.undecodable_share },
      context,
    );
    return prepared(pictures, params, defaultAugmentation, context);
  },
});
