import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode, withStorageErrors } from './storage-error.ts';

/** Creates a folder and those above it where they are missing. @throws CupbearerError `storage`. */
export function createFolder(path: string): void {
  withStorageErrors(`create the folder "${path}"`, () => {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      // Node says "no such folder" on a read-only disk, too; creating the first one alone gives the true reason.
      if (systemCode(error) === 'ENOENT') mkdirSync(firstMissing(path));
      throw error;
    }
  });
}

function firstMissing(path: string): string {
  const above = dirname(path);
  return above === path || existsSync(above) ? path : firstMissing(above);
}
