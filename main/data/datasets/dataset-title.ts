import { basename } from 'node:path';
import { describe } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { datasetRegistry } from './index.ts';

/**
 * Returns what the user calls a dataset of files of their own: the name of its folder, which an import makes of the name that
 * it is given. "" for any other dataset.
 */
export function ownName(picked: Picked): string {
  if (!datasetRegistry.has(picked.name)) return '';
  const field = describe(datasetRegistry.get(picked.name).params).find(({ isPath, required }) => isPath && required);
  const path = field && picked[field.key];
  return typeof path === 'string' ? basename(path) : '';
}

/** Returns the name of a user's own dataset, else the title without what stands in brackets behind it: "MNIST". */
export function datasetTitle(picked: Picked): string {
  return ownName(picked) || datasetRegistry.get(picked.name).title.replace(/ \(.*\)$/, '');
}

/** Returns a dataset in a line of a terminal: the name of a user's own, else the id that is typed for it. */
export function dataWord(picked: Picked): string {
  return ownName(picked) || picked.name;
}
