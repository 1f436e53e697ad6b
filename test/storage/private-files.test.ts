import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCatalogue } from '../../main/storage/open-catalogue.ts';
import { openHome, writePrivateFile } from '../../main/storage/private-files.ts';
import { outputOf, startChild } from './child.ts';
import { temporaryFolder } from './fixtures.ts';
import { permissionsBind, withoutPermissions, withoutRoot } from './hostile-disks.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

/** Permissions of a folder and of all that is in it, by path. */
function modesBelow(folder: string): Record<string, string> {
  const inside = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(folder, path), modeOf(path)]);
  return Object.fromEntries([['.', modeOf(folder)], ...inside]) as Record<string, string>;
}

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!permissionsBind)(`the program's own files${withoutPermissions}`, () => {
  it.each(['000', '022', '077', '277', '777'])("are this user's alone under the mask %s", async (mask) => {
    const place = temporaryFolder();
    const home = join(place, 'above', 'home');
    mkdirSync(join(place, 'run'));
    const script = `
      import { join } from 'node:path';
      import { ByteFile } from 'STORAGE/byte-file.ts';
      import { openCatalogue } from 'STORAGE/open-catalogue.ts';
      import { createScratchFolder } from 'STORAGE/private-files.ts';
      import { writeSettings } from 'STORAGE/settings-file.ts';
      import { runFolder } from 'STORAGE/../../test/storage/trash-folders.ts';
      import { putIntoTrash } from 'STORAGE/trash-moves.ts';
      import { StoredDraft } from 'STORAGE/../api/drafts/stored-draft.ts';
      import { select } from 'STORAGE/../engine-install/installations.ts';
      import { settingsSchema } from 'STORAGE/../../shared/domain/settings.ts';
      import { runRecord } from 'STORAGE/../../test/storage/run-records.ts';
      const [home, run, mask] = process.argv.slice(1);
      process.umask(Number.parseInt(mask, 8));
      const catalogue = openCatalogue(join(home, 'catalogue.sqlite'));
      try { catalogue.insert(runRecord({ folder: run })); } catch {}
      writeSettings(join(home, 'settings.json'), settingsSchema.parse({}));
      new StoredDraft(home).write({});
      putIntoTrash(catalogue, [runFolder(catalogue, join(run, 'removed'))]);
      createScratchFolder('estimate');
      ByteFile.create();
      select('bundled');
      console.log('written');
      process.kill(process.pid, 'SIGKILL');`;
    vi.stubEnv('CUPBEARER_HOME', home);
    const child = startChild(script, [home, join(place, 'run'), mask]);
    await expect(outputOf(child)).rejects.toThrow();
    const modes = modesBelow(home);
    const paths = Object.keys(modes).map((path) => path.replace(/\.estimate\..*/, 'estimate'));
    expect(paths).toEqual(
      expect.arrayContaining(['catalogue.sqlite', 'catalogue.sqlite-wal', 'catalogue.sqlite-shm', 'folders.txt']),
    );
    expect(paths).toEqual(
      expect.arrayContaining(['settings.json', 'draft.json', 'trash.jsonl', 'scratch/estimate', 'decoded']),
    );
    for (const [path, mode] of Object.entries(modes))
      expect([path, mode]).toEqual([path, statSync(join(home, path)).isDirectory() ? '700' : '600']);
    expect(modeOf(join(home, '..'))).toBe('700');
  });

  it('leave the folders of runs to the mask, as they are meant to be shared', async () => {
    const place = temporaryFolder();
    const script = `
      import { createRunFolder, writeRecord, writeSpec } from 'STORAGE/run-folder.ts';
      import { runRecord, specFile } from 'STORAGE/../../test/storage/run-records.ts';
      process.umask(0o027);
      const folder = createRunFolder(process.argv[1]);
      writeSpec(folder, specFile());
      writeRecord(folder, runRecord({ folder }));`;
    await outputOf(startChild(script, [join(place, 'runs', 'a')]));
    expect(modesBelow(join(place, 'runs'))).toEqual({
      '.': '750',
      a: '750',
      'a/run.cupbearer': '640',
      'a/run.json': '640',
      'a/spec.json': '640',
    });
  });
});

describe.skipIf(!permissionsBind)(`the home that an earlier version left open${withoutPermissions}`, () => {
  /** A home as versions before made it, with something of the user's own in it. */
  function earlierHome(): string {
    const home = join(temporaryFolder(), 'home');
    openCatalogue(join(home, 'catalogue.sqlite')).close();
    writePrivateFile(join(home, 'settings.json'), '{}');
    for (const name of ['draft.json', 'folders.txt', 'mine.txt']) writeFileSync(join(home, name), '');
    mkdirSync(join(home, 'runs'), { mode: 0o755 });
    for (const name of ['.', 'runs']) chmodSync(join(home, name), 0o755);
    for (const name of ['catalogue.sqlite', 'settings.json', 'draft.json', 'folders.txt', 'mine.txt'])
      chmodSync(join(home, name), 0o644);
    return home;
  }

  it('is closed at the next start, with its files and nothing else', () => {
    const home = earlierHome();
    openCatalogue(join(home, 'catalogue.sqlite')).close();
    expect(modesBelow(home)).toEqual({
      '.': '700',
      'catalogue.sqlite': '600',
      'settings.json': '600',
      'draft.json': '600',
      'folders.txt': '600',
      'mine.txt': '644',
      runs: '755',
    });
  });

  it.each([0o2775, 0o1777])('stays as it is where it was set up to be shared (%i)', (mode) => {
    const home = earlierHome();
    chmodSync(home, mode);
    openHome(home);
    expect(modeOf(home)).toBe(mode.toString(8));
    expect(modeOf(join(home, 'settings.json'))).toBe('644');
  });

  it("stays as it is where the user's own home is in it", () => {
    const home = earlierHome();
    for (const own of [home, join(home, 'ada')]) {
      vi.stubEnv('HOME', own);
      openHome(home);
      expect(modeOf(home)).toBe('755');
    }
  });

  it.skipIf(process.getuid?.() !== 0)("stays as it is where it is somebody else's", () => {
    const home = earlierHome();
    chmodSync(join(home, '..'), 0o755);
    withoutRoot(() => openHome(home));
    expect(modeOf(home)).toBe('755');
    chownSync(home, 65534, 65534);
    openHome(home);
    expect(modeOf(home)).toBe('755');
    expect(readFileSync(join(home, 'settings.json'), 'utf8')).toBe('{}');
  });
});
