import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFolder } from '../../main/storage/create-folder.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import { canMount, smallDisk, withoutMount } from './hostile-disks.ts';

describe('creating a folder', () => {
  it('creates those above it, and does not mind that it is there', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    createFolder(folder);
    createFolder(folder);
    expect(existsSync(folder)).toBe(true);
  });

  it('names a file that is in the way', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(errorOf('storage', () => createFolder(join(file, 'a', 'b'))).message).toMatch(
      /^Could not create the folder ".*": a part of its path is a file/,
    );
  });

  it.skipIf(!canMount)(`says that a disk is read-only, however deep the folder${withoutMount}`, () => {
    const { folder, remount } = smallDisk('64k');
    remount('ro');
    for (const path of [join(folder, 'a'), join(folder, 'a', 'b', 'c')]) {
      expect(errorOf('storage', () => createFolder(path)).message).toBe(
        `Could not create the folder "${path}": the disk is read-only.`,
      );
    }
  });
});
