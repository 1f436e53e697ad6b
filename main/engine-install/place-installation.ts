import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFolder } from '../storage/private-files.ts';
import { withStorageErrors } from '../storage/storage-error.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import { installationIn, installationsFolder } from '../tensor/engines/tensorflow/installation.ts';

/** An empty folder among the installations to put one together in. @throws CupbearerError `storage`. */
export function createStaging(): string {
  const staging = temporaryPath(join(installationsFolder(), 'installation'));
  createPrivateFolder(staging);
  return staging;
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
  replaceFolder(staging, join(installationsFolder(), id));
}

/** Moves the folder `staging` to `place`; what is there already stays until then. @throws CupbearerError `storage`. */
export function replaceFolder(staging: string, place: string): void {
  const replaced = temporaryPath(place, 'old');
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
