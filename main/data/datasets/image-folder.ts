import { z } from 'zod';
import { flag, integer, number, optionalInteger, requiredPath } from '../../../shared/schema/fields.ts';
import { defaultAugmentation } from '../transforms/augmentation.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { defineDataset } from '../dataset.ts';
import { splitFields } from './fields.ts';
import { pictureFields } from './picture-fields.ts';
import { classesIn, findPictures } from './picture-folders.ts';
import { prepared } from './prepared.ts';

/** @throws CupbearerError `usage` if there would be less of a picture than is cut out. */
function checkCrop({ size, crop_from: side }: { size: number; crop_from?: number | undefined }): void {
  if (side === undefined || side >= size) return;
  throw new CupbearerError('usage', `Expected a crop_from of at least the size, ${size} px, found ${side}.`);
}

/** Pictures of one's own: a folder of pictures for each class, halves given by folders `train` and `test` or drawn. */
export const imageFolder = defineDataset({
  id: 'image-folder',
  title: 'Image folder',
  summary: 'PNG, JPEG, PPM, PGM or PBM files of your own, one folder for each class',
  source: 'The folder layout that torchvision.datasets.ImageFolder reads',
  params: z.object({
    folder: requiredPath({
      label: 'Folder',
      help: 'Folder with one folder of pictures for each class, or with train and test that hold such folders.',
    }),
    ...splitFields,
    ...pictureFields,
    crop_from: optionalInteger({
      advanced: true,
      min: 1,
      max: 4096,
      label: 'Shorter side before cropping',
      empty: 'Not cropped',
      help: "Scale the shorter side to this and cut out the middle, as torchvision's Resize and CenterCrop; both sides are scaled to the size if not set.",
      unit: 'px',
    }),
    exif_rotation: flag({
      advanced: true,
      default: false,
      label: 'Turn by EXIF',
      help: 'Turn pictures as their EXIF data say. Off, as in torchvision, pixels are taken as they are stored.',
    }),
    test_fraction: number({
      default: 0.2,
      min: 0,
      max: 1,
      label: 'Test fraction',
      help: 'Share of each class set aside as the test half if there are no folders train and test.',
    }),
    folder_seed: integer({
      advanced: true,
      default: 0,
      min: 0,
      label: 'Folder seed',
      help: "Draws the test half; independent of the run's seed, so that no run trains on another's test data.",
    }),
  }),
  facts: ({ folder, size, colour, crop_from }) => {
    checkCrop({ size, crop_from });
    return { shape: [size, size, colour ? 3 : 1], classes: classesIn(folder) };
  },
  async load(params, context) {
    checkCrop(params);
    const { pictureDataset } = await import('../pictures/picture-files.ts');
    const { files, classes, leftOut } = await findPictures(params, context.signal);
    const pictures = await pictureDataset(
      'image-folder',
      files,
      classes,
      {
        size: params.size,
        colour: params.colour,
        upright: params.exif_rotation,
        ...given({ cropFrom: params.crop_from }),
        undecodableShare: params.undecodable_share,
        notes: leftOut === undefined ? [] : [leftOut],
      },
      context,
    );
    return prepared(pictures, params, defaultAugmentation, context);
  },
});
