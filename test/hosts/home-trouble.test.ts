import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApplication } from '../../main/api/create-application.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';
import {
  canMount,
  fillDisk,
  permissionsBind,
  smallDisk,
  withoutMount,
  withoutPermissions,
} from '../storage/hostile-disks.ts';
import { startCli } from './cli-process.ts';

/** Permissions do not bind root, who passes for nobody. */
const uid = process.getuid?.() === 0 ? 65534 : undefined;

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-trouble-'));
  chmodSync(place, 0o755);
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

function folderOf(name: string): string {
  const folder = join(place, name);
  mkdirSync(folder);
  if (uid !== undefined) chownSync(folder, uid, uid);
  return folder;
}

describe.skipIf(!permissionsBind)(`a home without permissions${withoutPermissions}`, () => {
  it.each([0o000, 0o444, 0o500])('of mode %i is named with what to do', async (mode) => {
    const home = folderOf(`home-${mode}`);
    chmodSync(home, mode);
    onTestFinished(() => chmodSync(home, 0o700));
    const { code, stdout, stderr } = await startCli(['runs'], { cwd: place, home, ...(uid ? { uid } : {}) }).ended;
    expect(stderr).toBe(
      `Error: The catalogue "${join(home, 'catalogue.sqlite')}" cannot be opened: permission was denied.\n` +
        `Change the permissions of "${home}" and of the files in it so that you may read and write them, or set CUPBEARER_HOME to a folder of your own.\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it.each(['catalogue.sqlite', 'catalogue.sqlite-wal'])('for %s is named with what to do', async (name) => {
    const home = folderOf(`without-${name}`);
    const options = { cwd: place, home, ...(uid ? { uid } : {}) };
    expect((await startCli(['runs'], options).ended).code).toBe(0);
    writeFileSync(join(home, name), '', { flag: 'a' });
    chmodSync(join(home, name), 0o000);
    const { code, stderr } = await startCli(['runs'], options).ended;
    expect(stderr).toMatch(
      /^Error: The catalogue ".*" cannot be opened: permission was denied\.\nChange the permissions of/,
    );
    expect(code).toBe(1);
  });
});

describe('the list of removed runs', () => {
  it.each<[string, string | undefined]>([
    ['is no JSON', '{"'],
    ['is nested too deeply', '['.repeat(100_000)],
    ['is a folder', undefined],
  ])('does not keep the program from starting where it %s', async (_, text) => {
    const home = mkdtempSync(join(place, 'removed-'));
    if (text === undefined) mkdirSync(join(home, 'removed.json'));
    else writeFileSync(join(home, 'removed.json'), text);
    const application = createApplication({
      host: { kind: 'web', launch: forkProcess },
      catalogueFile: join(home, 'catalogue.sqlite'),
      settings: new SettingsStore(join(home, 'settings.json')),
    });
    const { notices } = application.workbench.catalogue;
    expect(notices).toEqual(
      text === undefined ? [expect.stringContaining('Folders of runs that were removed are still there.')] : [],
    );
    if (text === undefined) rmSync(join(home, 'removed.json'), { recursive: true });
    await application.close();
  });
});

describe.skipIf(!canMount)(`a full disk${withoutMount}`, () => {
  it('is named where the home is on it, with what to free', async () => {
    const { folder } = smallDisk('256k');
    fillDisk(folder);
    const home = join(folder, 'home');
    const { code, stderr } = await startCli(['runs'], { cwd: place, home }).ended;
    expect(stderr).toMatch(
      /^Error: (Could not create the folder|The catalogue) ".*"( cannot grow)?: the disk is full\.\nFree some space/,
    );
    expect(code).toBe(1);
    expect(existsSync(dirname(home))).toBe(true);
  });
});
