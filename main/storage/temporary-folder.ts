import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder } from './create-folder.ts';
import { isProcessAlive } from './process-identity.ts';
import { withStorageErrors } from './storage-error.ts';

/**
 * Creates a folder of this process in `base`, named by `prefix`, the number of
 * the process and chance. @throws CupbearerError `storage`.
 */
export function createTemporaryFolder(base: string, prefix: string): string {
  createFolder(base);
  const folder = join(base, `${prefix}${process.pid}-${randomBytes(6).toString('hex')}`);
  withStorageErrors(`create the folder "${folder}"`, () => mkdirSync(folder));
  return folder;
}

/**
 * Removes the folders that {@link createTemporaryFolder} made in `base` for processes that have gone without doing so. One that
 * cannot be removed stays: nothing depends on it.
 */
export async function removeAbandonedFolders(base: string, prefix: string): Promise<void> {
  if (!existsSync(base)) return;
  const abandoned = readdirSync(base).filter((name) => {
    const [, pid] = /^(\d+)-[0-9a-f]{12}$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
    return pid !== undefined && !isProcessAlive(Number(pid), null);
  });
  for (const name of abandoned) await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
}
