import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder } from '../../storage/create-folder.ts';
import { isProcessAlive } from '../../storage/process-identity.ts';
import { withStorageErrors } from '../../storage/storage-error.ts';
import { installationIn, installationsFolder } from '../../tensor/engines/tensorflow/installation.ts';

/** Where an installation is put together, by the process that does it. */
const stagingName = /^\.(?:(\d+)-)?[0-9a-f]{12}\.tmp$/;
/** Where an installation waits that another is about to replace. */
const replacedName = /^\.(.+)\.old$/;

/** An empty folder among the installations to put one together in. @throws CupbearerError `storage`. */
export function createStaging(): string {
  const staging = join(installationsFolder(), `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  createFolder(staging);
  return staging;
}

/**
 * Removes what installations left behind whose process was killed, and puts back what they were replacing.
 * @throws CupbearerError `storage`.
 */
export function removeLeftovers(): void {
  const folder = installationsFolder();
  if (!existsSync(folder)) return;
  withStorageErrors(`tidy up "${folder}"`, () => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const staging = stagingName.exec(name);
      if (staging && !(staging[1] !== undefined && isProcessAlive(Number(staging[1]), null)))
        rmSync(path, { recursive: true, force: true });
      const id = replacedName.exec(name)?.[1];
      if (id === undefined) continue;
      if (existsSync(join(folder, id))) rmSync(path, { recursive: true, force: true });
      else renameSync(path, join(folder, id));
    }
  });
}

/**
 * The id under which a TensorFlow of this version is kept: one fetched replaces another of its variant, one of the user's own
 * only the one from the same folder.
 */
export function idFor(version: string, variant: 'cpu' | 'gpu', libraryFolder: string | undefined): string {
  if (libraryFolder === undefined) return `tensorflow-${version}-${variant}`;
  const own = `tensorflow-${version}-own`;
  for (let number = 1; ; number++) {
    const id = number === 1 ? own : `${own}-${number}`;
    const place = join(installationsFolder(), id);
    if (!existsSync(place) || libraryFolderOf(place) === libraryFolder) return id;
  }
}

/** Undefined where the installation is damaged, too: it is not known then what it was. */
function libraryFolderOf(place: string): string | undefined {
  try {
    return installationIn(place).record?.libraryFolder;
  } catch {
    return undefined;
  }
}

/** Moves what lies in `staging` to its place; one that is there already stays until then. @throws CupbearerError `storage`. */
export function putInPlace(staging: string, id: string): void {
  const place = join(installationsFolder(), id);
  const replaced = join(installationsFolder(), `.${id}.old`);
  withStorageErrors(`write "${place}"`, () => {
    const hadOne = existsSync(place);
    if (hadOne) renameSync(place, replaced);
    try {
      renameSync(staging, place);
    } catch (error) {
      if (hadOne) renameSync(replaced, place);
      throw error;
    }
    rmSync(replaced, { recursive: true, force: true });
  });
}
