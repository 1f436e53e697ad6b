import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stateOfTagged } from './process-identity.ts';
import { parseTemporaryName, type TemporaryName } from './temporary-names.ts';

/** Files whose owner is unknown are left alone for this long. */
const patienceMs = 7 * 24 * 3_600_000;

/** Folders of a run in which files or folders are replaced. */
const partsOfRun = ['figures', 'attacks', 'evals'];

/**
 * Removes what killed processes have left under temporary names in these folders, though not in folders inside them,
 * and puts back what one was about to replace. What a running process works at stays. Resolves when all is done; what
 * cannot be read or removed stays, too.
 */
export async function removeLeftovers(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const found = parseTemporaryName(name);
      if (found) await removeOne(folder, name, found).catch(() => undefined);
    }
  }
}

/** Does the same in the folder of a run, in the folders of its parts, and in those of the evaluations inside. */
export async function removeLeftoversOfRun(folder: string): Promise<void> {
  const evaluations = (await foldersIn(folder)).includes('evals') ? join(folder, 'evals') : undefined;
  const inside = evaluations === undefined ? [] : await foldersIn(evaluations);
  for (const run of [folder, ...inside.map((name) => join(evaluations!, name))]) {
    const parts = (await foldersIn(run)).filter((name) => partsOfRun.includes(name));
    await removeLeftovers([run, ...parts.map((name) => join(run, name))]);
  }
}

/** Returns the names of the folders in a folder, without links to folders. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function removeOne(folder: string, name: string, { name: before, owner, ending }: TemporaryName): Promise<void> {
  const path = join(folder, name);
  if (!(await isAbandoned(path, owner))) return;
  const place = join(folder, before);
  // Killed between two renames: what was there is the only whole one.
  if (ending === 'old' && !(await exists(place))) await rename(path, place);
  else await rm(path, { recursive: true, force: true });
}

async function isAbandoned(path: string, owner: string | undefined): Promise<boolean> {
  const state = owner === undefined ? 'unknown' : stateOfTagged(owner);
  if (state !== 'unknown') return state === 'ended';
  return Date.now() - (await lstat(path)).mtimeMs > patienceMs;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
