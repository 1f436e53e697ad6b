import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import type { RebuildResult } from '../storage/catalogue.ts';
import { holdsRun } from '../storage/run-folder.ts';
import { withStorageErrors } from '../storage/storage-error.ts';
import type { Workbench } from './workbench.ts';

/** Run folders lie a few levels below what a person points at; beyond that it is somebody's whole disk. */
const mostLevels = 5;

/**
 * Takes up the run in a folder, or all runs below it, that the catalogue does not know.
 * @throws CupbearerError `not-found` where there is no such folder or no run in it.
 */
export function takeUpRuns(workbench: Workbench, folder: string): RebuildResult {
  const path = resolve(folder);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new CupbearerError('not-found', `There is no folder "${path}".`);
  const found = runFoldersIn(path, mostLevels);
  if (found.length === 0)
    throw new CupbearerError('not-found', `There is no run in "${path}": no folder in it has a spec.json.`);
  return workbench.takeUp(found);
}

function runFoldersIn(folder: string, levels: number): string[] {
  if (holdsRun(folder)) return [folder];
  if (levels === 0) return [];
  const entries = withStorageErrors(`read the folder "${folder}"`, () => readdirSync(folder, { withFileTypes: true }));
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .flatMap((entry) => runFoldersIn(join(folder, entry.name), levels - 1));
}
