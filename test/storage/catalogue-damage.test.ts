import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Catalogue } from '../../main/storage/catalogue.ts';
import { folderListPath } from '../../main/storage/folder-list.ts';
import { latestSchemaVersion } from '../../main/storage/migrations/index.ts';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { readRecord } from '../../main/storage/run-folder.ts';
import { checkNodeForSqlite, openSqlite } from '../../main/storage/sqlite.ts';
import { outputOf, startChild } from './child.ts';
import { damages, randomFrom } from './damage.ts';
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

const root = mkdtempSync(join(tmpdir(), 'cupbearer-damage-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
const file = join(root, 'home', 'catalogue.sqlite');
const folders = Array.from({ length: 10 }, (_, i) => join(root, `run-${i}`));
/** All files of a catalogue of 10 runs and of their folders, closed, and while it is open with all of it in its log. */
const contents: { closed: Map<string, Buffer>; open: Map<string, Buffer> } = { closed: new Map(), open: new Map() };

beforeAll(() => {
  const catalogue = openCatalogue(file);
  folders.forEach((folder, i) => {
    mkdirSync(folder);
    catalogue.insert(runRecord({ id: `run-${i}`, folder, notes: 'n'.repeat(2000), tags: ['a', `tag-${i}`] }));
  });
  const read = () => new Map(filesBelow(root).map((path) => [path, readFileSync(path)]));
  contents.open = read();
  catalogue.close();
  contents.closed = read();
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/**
 * Puts a catalogue of 10 runs and their folders back to how they were, closed or as a process that was killed leaves
 * them.
 */
function filled(state: keyof typeof contents = 'closed'): { file: string; folders: string[] } {
  rmSync(root, { recursive: true, force: true });
  for (const [path, bytes] of contents[state]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
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
  expect(readFileSync(join(dirname(file), aside[0]!)).equals(damaged)).toBe(true);
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

  it.each([0, 3, 255])('with the format version %i in its header is rebuilt', (version) => {
    for (const at of [18, 19]) {
      const { file, folders } = filled();
      const damaged = new Uint8Array(readFileSync(file).fill(version, at, at + 1));
      writeFileSync(file, damaged);
      expectRebuilt(file, folders, damaged);
    }
  });

  it.each([-1, -(2 ** 31), 0, 1, latestSchemaVersion - 1, 1000, 2 ** 31 - 1])(
    'with the schema version %i, which cannot be, is rebuilt',
    (version) => {
      const { file, folders } = filled();
      const damaged = readFileSync(file);
      damaged.writeInt32BE(version, 60);
      writeFileSync(file, damaged);
      expectRebuilt(file, folders, new Uint8Array(damaged));
    },
  );

  it.each([
    ['a table', 'ALTER TABLE run_tags RENAME TO run_rags'],
    ['a column', 'ALTER TABLE runs RENAME COLUMN title TO tittle'],
    ['a table that a trigger writes to', 'CREATE TRIGGER a AFTER DELETE ON run_tags BEGIN DELETE FROM gone; END'],
  ])('with another name for %s is rebuilt', (_, sql) => {
    const { file, folders } = filled();
    const database = openSqlite(file, 100);
    database.exec(sql);
    database.close();
    expectRebuilt(file, folders, new Uint8Array(readFileSync(file)));
  });

  it('in an index alone is rebuilt, a large one at the start after the damage was noticed', () => {
    for (const wholeCheckBytes of [undefined, 0]) {
      const { file, folders } = filled();
      const damaged = readFileSync(file);
      const database = openSqlite(file, 100);
      const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_status'").pluck().get();
      database.close();
      const index = damaged.subarray(((root as number) - 1) * 4096, (root as number) * 4096);
      index.write('dome', index.indexOf('done'));
      writeFileSync(file, damaged);
      if (wholeCheckBytes === 0) {
        const large = openCatalogue(file, { wholeCheckBytes });
        expect(large.notices).toEqual([]);
        const error = errorOf('storage', () => {
          for (let i = 0; i < 10; i++) large.update(`run-${i}`, { status: 'failed' });
        });
        expect(error.message).toBe(`The catalogue "${file}" is damaged.`);
        expect(error.hint).toBe('Start again: it is then kept aside and rebuilt from the run folders.');
        large.close();
      }
      const catalogue = openCatalogue(file, { ...(wholeCheckBytes === undefined ? {} : { wholeCheckBytes }) });
      expect(catalogue.list()).toHaveLength(folders.length);
      expect(catalogue.notices[0]).toContain('The catalogue was damaged');
      catalogue.close();
      const again = opened(file);
      expect(again.notices).toEqual([]);
    }
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

  it('gets back from the folders what was lost with the end of its log, ends of runs too', () => {
    const { file, folders } = filled();
    const catalogue = openCatalogue(file);
    catalogue.update('run-0', { status: 'running', host_pid: 1, host_started: 'gone' });
    const whole = ['', '-wal'].map((ending) => readFileSync(file + ending));
    catalogue.update('run-0', { status: 'done', metrics: { auroc: 0.75 } });
    const extra = join(dirname(dirname(file)), 'extra');
    mkdirSync(extra);
    catalogue.insert(runRecord({ id: 'extra', folder: extra }));
    catalogue.close();
    rmSync(file + '-shm', { force: true });
    ['', '-wal'].forEach((ending, i) => writeFileSync(file + ending, whole[i]!));
    const again = opened(file);
    expect(again.list()).toHaveLength(folders.length + 1);
    expect(again.notices).toEqual(['Runs that the catalogue did not have were taken up from their folders: 1.']);
    expect(again.get('run-0').status).toBe('running');
    expect(again.markInterrupted(() => false)).toEqual([]);
    expect(again.get('run-0')).toMatchObject({ status: 'done', metrics: { auroc: 0.75 }, folder: folders[0] });
    expect(readRecord(folders[0]!).status).toBe('done');
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

  it('is rebuilt whatever one of the folders holds', () => {
    const { file, folders } = filled();
    writeFileSync(file, 'x'.repeat(5000));
    const deep = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    const record = JSON.stringify({ format: 1, ...runRecord({ id: 'run-0' }) });
    writeFileSync(join(folders[0]!, 'run.json'), record.replace('"spec":{', `"spec":{"deep":${deep(100_000)},`));
    writeFileSync(join(folders[1]!, 'run.json'), deep(20_000));
    writeFileSync(join(folders[2]!, 'run.json'), '['.repeat(20_000));
    rmSync(join(folders[3]!, 'run.json'));
    mkdirSync(join(folders[3]!, 'run.json'));
    writeFileSync(join(folders[4]!, 'evals'), 'no folder');
    writeFileSync(join(folders[5]!, 'run.json'), 'x'.repeat(40_000_000));
    const catalogue = opened(file);
    expect(
      catalogue
        .list()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['run-4', 'run-6', 'run-7', 'run-8', 'run-9']);
    const skipped = catalogue.notices.slice(2);
    expect(skipped.map((notice) => /^Skipped "(.*)"\. /.exec(notice)?.[1])).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => folders[i]),
    );
    expect(skipped[0]).toContain('nested at most 100 levels deep');
  });

  it.skipIf(!permissionsBind)(`is rebuilt without folders that may not be read${withoutPermissions}`, () => {
    const { file, folders } = filled();
    writeFileSync(file, 'x'.repeat(5000));
    chmodSync(join(folders[0]!, 'run.json'), 0o000);
    mkdirSync(join(folders[1]!, 'evals'), { mode: 0o000 });
    if (process.getuid?.() === 0)
      for (const path of [dirname(file), file, folderListPath(file)]) chownSync(path, 65534, 65534);
    chmodSync(dirname(dirname(file)), 0o755);
    withoutRoot(() => {
      const catalogue = openCatalogue(file);
      expect(catalogue.list()).toHaveLength(9);
      expect(catalogue.notices.slice(2)).toEqual([
        expect.stringContaining('permission was denied'),
        expect.stringContaining('permission was denied'),
      ]);
      catalogue.close();
    });
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

describe('random damage', () => {
  const files = { main: '', log: '-wal', index: '-shm' };
  const targets: { what: string; state: 'closed' | 'open'; damaged: (keyof typeof files)[] }[] = [
    { what: 'the file', state: 'closed', damaged: ['main'] },
    { what: 'the log', state: 'open', damaged: ['log'] },
    { what: "the log's index", state: 'open', damaged: ['index'] },
    { what: 'all of them', state: 'open', damaged: ['main', 'log', 'index'] },
  ];
  const ids = folders.map((_, i) => `run-${i}`);

  /** A version that was damaged to a newer one cannot be told from one: the file is then left as it is. */
  const saysNewer = (bytes: Buffer) =>
    bytes.length >= 100 &&
    bytes.toString('latin1', 0, 15) === 'SQLite format 3' &&
    bytes.readInt32BE(60) > latestSchemaVersion &&
    bytes.readInt32BE(60) < 1000;

  it.each(targets)('of $what leaves a catalogue with all runs, that works', ({ state, damaged }) => {
    for (const [name, damage] of Object.entries(damages)) {
      for (let seed = 0; seed < 3; seed++) {
        filled(state);
        for (const part of damaged) {
          const path = file + files[part];
          writeFileSync(path, damage(Buffer.from(contents[state].get(path)!), randomFrom(seed)));
        }
        const where = `${name}, ${seed}`;
        if (saysNewer(readFileSync(file))) {
          expect(errorOf('bad-data', () => openCatalogue(file)).message).toContain('written by a newer version');
          continue;
        }
        const catalogue = openCatalogue(file, { timeoutMs: 200 });
        try {
          expect([where, catalogue.list().map(({ id }) => id).sort()]).toEqual([where, ids]); // prettier-ignore
          for (const [i, id] of ids.entries()) {
            expect([where, catalogue.get(id).id]).toEqual([where, id]);
            expect([where, catalogue.byFolder(folders[i]!)?.id]).toEqual([where, id]);
          }
          expect(catalogue.update('run-3', { status: 'failed', tags: [] }).status).toBe('failed');
          catalogue.forget('run-4');
        } finally {
          catalogue.close();
        }
      }
    }
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

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a page', (bytes) => bytes.fill(0xa5, 8192, 12288)],
    ['its format version', (bytes) => bytes.fill(3, 18, 20)],
    ['its end', (bytes) => bytes.subarray(0, 5000)],
  ])('of a newer version is refused and left as it is also where %s is damaged', (_, damage) => {
    const { file } = filled();
    const bytes = readFileSync(file);
    bytes.writeInt32BE(latestSchemaVersion + 1, 60);
    writeFileSync(file, damage(bytes));
    const before = readFileSync(file);
    expect(errorOf('bad-data', () => openCatalogue(file)).message).toContain('written by a newer version');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(dirname(file)).some((name) => name.includes('corrupt'))).toBe(false);
  });

  it.each([0, 3, -7, 5000])('of another program, of version %i, is refused and left as it is', (version) => {
    const file = join(temporaryFolder(), 'catalogue.sqlite');
    const database = openSqlite(file, 100);
    database.exec('CREATE TABLE bookmarks (url)');
    database.pragma(`user_version = ${version}`);
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

  it.skipIf(!canMount)(
    `is on a disk with any little room: it works, or the disk is said to be full${withoutMount}`,
    () => {
      const { folder } = smallDisk('1m');
      const filler = join(folder, 'filler');
      const run = join(folder, 'run');
      const said = new Set<string>();
      for (let room = 0; room <= 192; room += 4) {
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
        mkdirSync(run);
        const { bavail, bsize } = statfsSync(folder);
        writeFileSync(filler, Buffer.alloc(bavail * bsize - room * 1024));
        const home = join(folder, 'catalogue.sqlite');
        const error = errorOf('storage', () => {
          const catalogue = openCatalogue(home, { timeoutMs: 100 });
          try {
            for (let i = 0; i < 40; i++)
              catalogue.insert(runRecord({ id: `run-${i}`, folder: run, notes: 'x'.repeat(4000) }));
          } finally {
            catalogue.close();
          }
        });
        expect(error.message).toMatch(/: the disk is full\.$/);
        expect(error.hint).toMatch(/^Free some space/);
        said.add(String(error.details!['sqlite_code'] ?? error.details!['system_code']));
        rmSync(filler);
        openCatalogue(home).close();
      }
      // Different operations find the disk full, some of which SQLite takes for a fault of the disk.
      expect([...said]).toEqual(expect.arrayContaining(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC']));
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
