import { dirname, join } from 'node:path';
import { foldersOfData } from '../data/data-dir.ts';
import { exchangeParents } from '../plugins/exchange.ts';
import { removeLeftovers, removeLeftoversOfRun } from '../storage/leftovers.ts';
import { cutOffMakings } from '../storage/making-records.ts';
import { installationsFolder } from '../tensor/engines/tensorflow/installation.ts';
import type { Workbench } from './workbench.ts';

/**
 * Removes what killed processes have left among the program's own files, in the data folder, in interrupted runs, and
 * in folders in which a run was being made. Looks into a few known folders, not into all runs. Resolves when it is
 * done; never rejects.
 */
export async function tidyUp({ catalogue, interrupted }: Workbench, dataDir: string): Promise<void> {
  const home = dirname(catalogue.path);
  const own = ['.', 'decoded', 'scratch', 'uploads', 'desktop'].map((name) => join(home, name));
  await removeLeftovers([...own, installationsFolder(home), ...exchangeParents(), ...foldersOfData(dataDir)]);
  for (const { folder } of interrupted) await removeLeftoversOfRun(folder);
  for (const { folder, forget } of cutOffMakings(home)) {
    await removeLeftoversOfRun(folder);
    forget();
  }
}
