import { flag, integer, number } from '../../../shared/schema/fields.ts';

/** Parameters that every dataset made of picture files has. */
export const pictureFields = {
  size: integer({
    default: 32,
    min: 1,
    max: 1024,
    label: 'Size',
    help: 'Side that every picture is scaled to; proportions are not kept.',
    unit: 'px',
  }),
  colour: flag({ default: true, label: 'Colour', help: 'Three channels; otherwise one channel of brightness.' }),
  undecodable_share: number({
    advanced: true,
    default: 0.01,
    min: 0,
    max: 1,
    label: 'Undecodable share',
    help: 'Skip damaged pictures up to this share, with a warning; more are an error.',
  }),
};
