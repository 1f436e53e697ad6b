import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFolder, createNewFolder } from '../../main/storage/create-folder.ts';
import { outputOf, outputWithin, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import {
  canMount,
  permissionsBind,
  smallDisk,
  withoutMount,
  withoutPermissions,
  withoutRoot,
} from './hostile-disks.ts';

const isPosix = process.platform !== 'win32';
const hasProc = existsSync('/proc/self');

describe('creating a folder', () => {
  it('creates those above it, and does not mind that it is there', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    createFolder(folder);
    createFolder(folder);
    createFolder(`${folder}/`);
    expect(existsSync(folder)).toBe(true);
  });

  it('follows links to folders', () => {
    const place = temporaryFolder();
    createFolder(join(place, 'a'));
    symlinkSync(join(place, 'a'), join(place, 'link'));
    createFolder(join(place, 'link'));
    createFolder(join(place, 'link', 'b', 'c'));
    expect(existsSync(join(place, 'a', 'b', 'c'))).toBe(true);
  });

  it('names a file that is in the way', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'a'), join(file, 'a', 'b')]) {
      expect(errorOf('storage', () => createFolder(path)).message).toBe(
        `Could not create the folder "${path}": a part of its path is a file, where a folder was expected.`,
      );
    }
  });

  it('is refused where a link leads nowhere or in a circle', () => {
    const place = temporaryFolder();
    const [nowhere, here, there] = ['nowhere', 'here', 'there'].map((name) => join(place, name)) as [
      string,
      string,
      string,
    ];
    symlinkSync(join(place, 'gone'), nowhere);
    symlinkSync(here, there);
    symlinkSync(there, here);
    for (const path of [nowhere, join(nowhere, 'a', 'b')]) {
      expect(errorOf('storage', () => createFolder(path)).message).toBe(
        `Could not create the folder "${path}": the link "${nowhere}" leads nowhere.`,
      );
    }
    for (const path of [here, join(here, 'a', 'b')])
      expect(errorOf('storage', () => createFolder(path)).message).toContain(': links in its path lead in a circle.');
    expect(readdirSync(place).sort()).toEqual(['here', 'nowhere', 'there']);
  });

  it('is refused for a path that is too deep or has too long a name, in a sentence that is not', () => {
    const place = temporaryFolder();
    const deep = (levels: number) => join(place, ...Array.from({ length: levels }, () => 'a'));
    const message = errorOf('storage', () => createFolder(deep(5000))).message;
    expect(message).toMatch(/^Could not create the folder ".*….*": /);
    expect(message.length).toBeLessThan(500);
    expect(errorOf('storage', () => createFolder(deep(101))).message).toContain(
      'more than 100 folders above it are missing',
    );
    errorOf('storage', () => createFolder(join(place, 'n'.repeat(300), 'a')));
    errorOf('storage', () => createFolder(join(place, 'a\0b')));
    expect(readdirSync(place)).toEqual([]);
    createFolder(deep(100));
    expect(existsSync(deep(100))).toBe(true);
  });

  it.skipIf(!permissionsBind)(`says that a folder is read-only${withoutPermissions}`, () => {
    const place = temporaryFolder();
    chmodSync(place, 0o555);
    for (const path of [join(place, 'a'), join(place, 'a', 'b', 'c')]) {
      expect(errorOf('storage', () => withoutRoot(() => createFolder(path))).message).toBe(
        `Could not create the folder "${path}": permission was denied.`,
      );
    }
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

  // A process of its own: one that does not return could not be ended from within.
  it.skipIf(!hasProc)('is refused at once where the system keeps folders of its own', async () => {
    const paths = ['/proc/x', '/proc/x/y', '/proc/self/x/y/z', '/sys/x', '/sys/x/y'];
    const script = `
      import { createFolder } from 'STORAGE/create-folder.ts';
      for (const path of process.argv.slice(1))
        try { createFolder(path); } catch (error) { console.log(error.code, error.message); }`;
    const said = (await outputWithin(startChild(script, paths), 30_000)).trim().split('\n');
    expect(said).toHaveLength(paths.length);
    for (const line of said) expect(line).toMatch(/^storage Could not create the folder "\/(proc|sys)\/.*": .*\.$/);
    expect(said[1]).toContain('the system creates no folders in "/proc"');
  });

  it.skipIf(!isPosix)('works where several processes create the same one', async () => {
    const folder = join(temporaryFolder(), ...Array.from({ length: 50 }, (_, level) => `level-${level}`));
    const script = `
      import { createFolder } from 'STORAGE/create-folder.ts';
      createFolder(process.argv[1]);`;
    expect(await Promise.all([1, 2, 3].map(() => outputOf(startChild(script, [folder]))))).toEqual(['', '', '']);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('creating a new folder', () => {
  it('tells whether it did', () => {
    const place = temporaryFolder();
    expect(createNewFolder(join(place, 'a'))).toBe(true);
    expect(createNewFolder(join(place, 'a'))).toBe(false);
    writeFileSync(join(place, 'file'), '');
    expect(createNewFolder(join(place, 'file'))).toBe(false);
    errorOf('storage', () => createNewFolder(join(place, 'b', 'c')));
  });
});
