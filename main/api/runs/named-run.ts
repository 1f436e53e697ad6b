import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { holdsRun } from '../../storage/run-folder.ts';
import type { Workbench } from '../workbench.ts';

/** Returns the run with this id, which may be shortened, or in this folder. @throws CupbearerError `not-found`. */
export function namedRun(workbench: Workbench, name: string): CatalogueRun {
  return holdsRun(name) ? workbench.known.recordOf(name) : workbench.catalogue.get(name);
}
