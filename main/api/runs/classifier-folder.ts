import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';

/** Returns the folder of the classifier that a run trained or looks at; null if the catalogue does not know it. */
export function classifierFolder(catalogue: Catalogue, { kind, folder, parents }: CatalogueRun): string | null {
  if (kind === 'classifier') return folder;
  const classifier = parents.at(-1);
  return (classifier !== undefined && catalogue.find(classifier)?.folder) || null;
}
