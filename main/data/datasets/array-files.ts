import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { explainFaults } from '../../../shared/schema/problems.ts';
import { readJsonFile } from '../../storage/read-file.ts';
import { pathOf, within } from '../../storage/within-folder.ts';

/** Lies in the folder of an imported dataset of arrays, and says what they are. */
export const arraysName = 'dataset.json';

/** The files of a half. */
export const arrayFile = (half: 'train' | 'test', part: 'inputs' | 'labels') => `${half}-${part}.npy`;

const mostSide = 2 ** 16;
const mostClasses = 2 ** 16;
const mostWords = 2 ** 20;
const bounds = { mostDepth: 8, mostBytes: 2 ** 26 };

const count = z
  .int()
  .positive()
  .max(2 ** 31);
const words = (most: number) => z.array(z.string().max(1000)).min(1).max(most);

const description = z.object({
  format: z.literal(1),
  /** Of one sample: `[height, width, channels]`, `[values]`, or `[tokens]` of texts. */
  shape: z.array(z.int().positive().max(mostSide)).min(1).max(3),
  classes: words(mostClasses),
  /** What the tokens of texts stand for. */
  vocabulary: words(mostWords).exactOptional(),
  /** What the inputs are stored as; `uint8` stands for values of 0 to 1 in steps of 1/255. */
  type: z.enum(['uint8', 'float32']),
  counts: z.object({ train: count, test: count }),
  /** Where they came from and how they were split, for people. */
  source: z.string().max(10_000),
});
export type ArrayDescription = z.infer<typeof description>;

/** Returns what the dataset.json in a folder says. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
export function readArrayDescription(folder: string): ArrayDescription {
  const place = within(folder, arraysName);
  const content = readJsonFile(place, bounds);
  const parsed = description.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = explainFaults(parsed.error.issues, content);
  throw new CupbearerError('bad-data', `"${pathOf(place)}" does not describe a dataset of arrays. ${faults}`);
}
