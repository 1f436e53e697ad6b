import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the text of a licence by its SPDX id, with a statement of copyright if it has a place for one. */
export function standardText(root: string, licence: string, copyright = ''): string {
  const text = readFileSync(join(root, 'resources', 'licences', `${licence}.txt`), 'utf8');
  return text.replace('{copyright}', () => copyright);
}
