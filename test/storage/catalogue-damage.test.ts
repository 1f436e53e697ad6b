import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { folderListPath } from '../../main/storage/folder-list.ts';
import { latestSchemaVersion } from '../../main/storage/migrations/index.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { checkNodeForSqlite, openSqlite } from '../../main/storage/sqlite.ts';
import { outputOf, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import {
  canMount,
  fillDisk,
  permissionsBind,
  smallDisk,
  withoutMount,
  withoutPermissions,
  withoutRoot,
} from './hostile-disks.ts';
import { runRecord } from './run-records.ts';

function opened(file: string, timeoutMs = 200): Catalogue {
  const catalogue = openCatalogue(file, { timeoutMs });
  onTestFinished(() => catalogue.close());
  return catalogue;
}

/** A closed catalogue of 10 runs with their folders. */
function filled(): { file: string; folders: string[] } {
  const root = temporaryFolder();
  const file = join(root, 'home', 'catalogue.sqlite');
  const catalogue = openCatalogue(file);
  const folders = Array.from({ length: 10 }, (_, i) => join(root, `run-${i}`));
  folders.forEach((folder, i) => {
    mkdirSync(folder);
    catalogue.insert(runRecord({ id: `run-${i}`, folder, notes: 'n'.repeat(2000) }));
  });
  catalogue.close();
  return { file, folders };
}

function expectRebuilt(file: string, folders: string[], damaged: Uint8Array): void {
  const catalogue = opened(file);
  expect(
    catalogue
      .list()
      .map(({ folder }) => folder)
      .sort(),
  ).toEqual([...folders].sort());
  expect(catalogue.get('run-3')).toEqual(readRecord(folders[3]!));
  const aside = readdirSync(dirname(file)).filter((name) => /^catalogue\.corrupt-\d{8}T\d{6}\.sqlite$/.test(name));
  expect(aside).toHaveLength(1);
  expect(new Uint8Array(readFileSync(join(dirname(file), aside[0]!)))).toEqual(damaged);
  expect(catalogue.notices[0]).toContain(aside[0]);
  expect(catalogue.notices[1]).toBe('The catalogue was rebuilt from the run folders: 10 runs.');
}

describe('a damaged catalogue', () => {
  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['text', () => Buffer.from('this is no database, not at all\n'.repeat(20))],
    ['a destroyed header', (bytes) => bytes.fill(0xff, 0, 100)],
    ['a destroyed page in the middle', (bytes) => bytes.fill(0xa5, 8192, 12288)],
    ['its second half missing', (bytes) => bytes.subarray(0, bytes.length / 2)],
    [
      'a value that is no JSON',
      (bytes) => {
        bytes.write('?', bytes.lastIndexOf('{"model":'));
        return bytes;
      },
    ],
  ])('with %s is kept aside and rebuilt from the run folders', (_, damage) => {
    const { file, folders } = filled();
    const damaged = new Uint8Array(damage(readFileSync(file)));
    writeFileSync(file, damaged);
    expectRebuilt(file, folders, damaged);
  });

  it('is rebuilt also where a log of unsaved changes lies beside it', () => {
    const { file, folders } = filled();
    const catalogue = openCatalogue(file);
    catalogue.update('run-1', { notes: 'unsaved' });
    const log = readFileSync(file + '-wal');
    catalogue.close();
    expect(log.length).toBeGreaterThan(0);
    writeFileSync(file, 'x'.repeat(50_000));
    writeFileSync(file + '-wal', log);
    const rebuilt = opened(file);
    expect(rebuilt.list()).toHaveLength(folders.length);
    expect(rebuilt.get('run-1').notes).toBe('unsaved');
    expect(rebuilt.health().quickCheck).toBe('ok');
  });

  it('with a damaged log alone keeps its rows', () => {
    const { file, folders } = filled();
    writeFileSync(file + '-wal', Buffer.alloc(50_000, 0x7f));
    expect(opened(file).list()).toHaveLength(folders.length);
  });

  it('is rebuilt once where two processes find it at the same time', async () => {
    const { file, folders } = filled();
    writeFileSync(file, readFileSync(file).fill(0xa5, 8192, 12288));
    const script = `
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      const catalogue = openCatalogue(process.argv[1]);
      console.log(catalogue.list().length, catalogue.health().quickCheck);
      catalogue.close();`;
    const said = await Promise.all([1, 2].map(() => outputOf(startChild(script, [file]))));
    expect(said).toEqual(['10 ok\n', '10 ok\n']);
    expect(opened(file).list()).toHaveLength(folders.length);
  });

  it('leaves out folders that are gone and reports those that are damaged', () => {
    const { file, folders } = filled();
    writeFileSync(file, 'x'.repeat(5000));
    rmSync(folders[0]!, { recursive: true });
    writeFileSync(join(folders[1]!, 'run.json'), '{');
    const catalogue = opened(file);
    expect(catalogue.list()).toHaveLength(8);
    expect(catalogue.notices).toHaveLength(3);
    expect(catalogue.notices[2]).toContain(folders[1]);
  });

  it('is refilled also where it was deleted or emptied', () => {
    const { file, folders } = filled();
    const list = readFileSync(folderListPath(file), 'utf8');
    rmSync(file);
    expect(opened(file).list()).toHaveLength(folders.length);
    expect(readFileSync(folderListPath(file), 'utf8')).toBe(list);
  });

  it('survives a torn line in the list of folders', () => {
    const { file, folders } = filled();
    writeFileSync(folderListPath(file), readFileSync(folderListPath(file), 'utf8') + '/half/a/pa');
    const extra = join(dirname(dirname(file)), 'extra');
    mkdirSync(extra);
    const before = openCatalogue(file);
    before.insert(runRecord({ id: 'extra', folder: extra }));
    before.close();
    rmSync(file);
    expect(opened(file).list()).toHaveLength(folders.length + 1);
  });
});

describe('a catalogue that cannot be used', () => {
  it('of a newer version is refused and left as it is', () => {
    const { file } = filled();
    const database = openSqlite(file, 100);
    database.pragma('user_version = 99');
    database.close();
    const error = errorOf('bad-data', () => openCatalogue(file));
    expect(error.message).toContain(
      `written by a newer version (schema 99; this program knows up to ${latestSchemaVersion})`,
    );
    expect(error.hint).toContain('CUPBEARER_HOME');
    expect(readdirSync(dirname(file)).some((name) => name.includes('corrupt'))).toBe(false);
  });

  it('of another program is refused and left as it is', () => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    const database = openSqlite(file, 100);
    database.exec('CREATE TABLE bookmarks (url)');
    database.close();
    const before = readFileSync(file);
    expect(errorOf('bad-data', () => openCatalogue(file)).message).toContain('not a catalogue of Cupbearer');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('and is locked says so after the timeout', () => {
    const { file } = filled();
    const other = openSqlite(file, 100);
    onTestFinished(() => void other.close());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    const error = errorOf('storage', () => openCatalogue(file, { timeoutMs: 100 }));
    expect(error.message).toBe(`The catalogue "${file}" is locked by another program.`);
    expect(error.hint).toContain('Close the other program');
  });

  it('and is being written to can still be read; writing waits, then says so', () => {
    const { file } = filled();
    const catalogue = opened(file, 100);
    const other = openSqlite(file, 100);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    expect(opened(file, 100).list()).toHaveLength(10);
    expect(errorOf('storage', () => catalogue.update('run-1', { notes: '' })).message).toContain('is locked');
    other.exec('ROLLBACK');
    expect(catalogue.update('run-1', { notes: 'x' }).notes).toBe('x');
  });

  it.skipIf(!permissionsBind)(`lies in a read-only folder${withoutPermissions}`, () => {
    const home = temporaryFolder();
    chmodSync(home, 0o555);
    withoutRoot(() => {
      const error = errorOf('storage', () => openCatalogue(join(home, 'catalogue.sqlite')));
      expect(error.message).toContain('cannot be opened');
      expect(errorOf('storage', () => openCatalogue(join(home, 'deeper', 'catalogue.sqlite'))).message).toContain(
        'permission was denied',
      );
    });
  });

  it.skipIf(!permissionsBind)(`is a read-only file${withoutPermissions}`, () => {
    const { file } = filled();
    chmodSync(file, 0o444);
    if (process.getuid?.() === 0) chownSync(dirname(file), 65534, 65534);
    withoutRoot(() => {
      errorOf('storage', () => {
        const catalogue = openCatalogue(file, { timeoutMs: 100 });
        try {
          catalogue.update('run-1', { notes: 'x' });
        } finally {
          catalogue.close();
        }
      });
    });
  });

  it('is a folder, or lies below a file', () => {
    const home = temporaryFolder();
    mkdirSync(join(home, 'catalogue.sqlite'));
    expect(errorOf('storage', () => openCatalogue(join(home, 'catalogue.sqlite'))).message).toContain(
      'cannot be opened',
    );
    writeFileSync(join(home, 'file'), '');
    errorOf('storage', () => openCatalogue(join(home, 'file', 'catalogue.sqlite')));
    errorOf('storage', () => openCatalogue(join(home, 'file', 'deep', 'catalogue.sqlite')));
  });

  it.skipIf(!canMount)(
    `is on a full disk: nothing is lost, and it works again once there is room${withoutMount}`,
    () => {
      const { folder } = smallDisk('512k');
      const file = join(folder, 'catalogue.sqlite');
      const catalogue = openCatalogue(file);
      catalogue.insert(runRecord({ id: 'a' }));
      fillDisk(folder);
      const error = errorOf('storage', () => {
        for (let i = 0; i < 200; i++) catalogue.insert(runRecord({ id: `b-${i}`, notes: 'x'.repeat(3000) }));
      });
      expect(error.message).toContain('the disk is full');
      catalogue.close();
      rmSync(join(folder, '.filler.000000000000.tmp'));
      const again = openCatalogue(file);
      expect(again.get('a').id).toBe('a');
      expect(again.health().quickCheck).toBe('ok');
      again.close();
    },
  );

  it('needs a Node.js that does not crash on it', () => {
    expect(errorOf('usage', () => checkNodeForSqlite('20.20.1')).message).toBe(
      'The catalogue needs Node.js 22 or newer, and this is Node.js 20.20.1.',
    );
    expect(() => checkNodeForSqlite('22.0.0')).not.toThrow();
    expect(() => checkNodeForSqlite()).not.toThrow();
  });
});

describe('the first start', () => {
  it('creates folder and file and has nothing to tell', () => {
    const file = join(temporaryFolder(), 'a', 'b', 'catalogue.sqlite');
    const catalogue = opened(file);
    expect(catalogue.notices).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });
});
