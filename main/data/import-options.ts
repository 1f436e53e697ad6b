import { z } from 'zod';
import { choice, integer, number, optionalNames, optionalText } from '../../shared/schema/fields.ts';

/** How arrays and tables are taken in. Pictures in folders need none of it. */
export const importOptions = z.object({
  label: optionalText({
    label: 'Label column',
    help: 'The column of a table that holds the class; "label", "class", "target" or "y" unless given',
  }),
  classes: optionalNames({
    label: 'Classes',
    help: 'Names of the classes in the order of their numbers, separated by commas; as the files say unless given',
  }),
  test_fraction: number({
    label: 'Test fraction',
    help: 'Share of each class set aside as the test half where the files have no halves of their own',
    default: 0.2,
    min: 0.001,
    max: 0.999,
  }),
  split_seed: integer({ label: 'Split seed', help: 'Draws that test half', default: 0, min: 0 }),
  layout: choice({
    label: 'Layout',
    help: 'How arrays of images are laid out: channels last or first; auto decides by where 1 or 3 stands',
    options: ['auto', 'HWC', 'CHW'],
    default: 'auto',
  }),
  tokens: integer({
    label: 'Tokens',
    help: 'Words of a text that are kept, from its beginning; shorter ones are filled up in front',
    default: 64,
    min: 1,
    max: 4096,
  }),
  words: integer({
    label: 'Vocabulary',
    help: 'How many of the most frequent words of the training texts have a token of their own',
    default: 5000,
    min: 1,
    max: 500_000,
  }),
});
export type ImportOptions = z.output<typeof importOptions>;
