import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  profileCommands,
  sandboxFacts,
  whyNoSandbox,
  type SandboxFacts,
} from '../../../main/hosts/electron/sandbox.ts';
import { shownMessage } from '../../../main/hosts/electron/shown-message.ts';
import { electronBinary, runDesktop, whyNotDesktop } from '../../../main/hosts/electron/start.ts';
import { temporaryFolder } from '../../storage/fixtures.ts';
import { asked, calls, electronModule } from './electron-stand-in.ts';

vi.mock('electron', () => electronModule);

const { goesOnUnsandboxed } = await import('../../../main/hosts/electron/unsandboxed.ts');

/** A package of Electron with a binary. */
function electronPackage(): { folder: string; binary: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'dist'));
  const binary = join(folder, 'dist', 'electron');
  writeFileSync(binary, '');
  writeFileSync(join(folder, 'path.txt'), 'electron');
  return { folder, binary };
}

describe('the desktop program', () => {
  const nowhere = join(import.meta.dirname, 'no-such-folder');
  const here = { display: true, fetchBinary: async () => true, noSandbox: () => undefined };

  it('is there once all of Electron is', () => {
    const { folder, binary } = electronPackage();
    expect(electronBinary(folder)).toBe(binary);
    expect(electronBinary(nowhere)).toBeUndefined();
    const half = temporaryFolder();
    writeFileSync(join(half, 'path.txt'), 'electron');
    expect(electronBinary(half)).toBeUndefined();
  });

  it('is opened where nothing is known to be in its way, else it is said what is', async () => {
    const { folder, binary } = electronPackage();
    expect(await whyNotDesktop(folder, here)).toBeUndefined();
    expect(await whyNotDesktop(nowhere, here)).toBeUndefined();
    const noBinary = await whyNotDesktop(nowhere, { ...here, fetchBinary: async () => false });
    expect(noBinary!.reason).toContain('could not be downloaded');
    expect((await whyNotDesktop(folder, { ...here, display: false }))!.reason).toContain('no display');
    const refusal = { reason: 'No sandbox', remedy: 'A profile' };
    const noSandbox = (asked: string) => (asked === binary ? refusal : undefined);
    expect(await whyNotDesktop(folder, { ...here, noSandbox })).toBe(refusal);
  });
});

describe('Electron that ends', () => {
  const run = (script: string) => runDesktop(process.execPath, ['-e', script]);
  const shown = `process.send(${JSON.stringify(shownMessage)})`;

  it('before its window was there has failed, whatever it died of', async () => {
    expect(await run('process.exit(1)')).toEqual({
      code: 1,
      fault: 'Electron ended before its window opened (exit code 1)',
    });
    const crashed = await run("process.kill(process.pid, 'SIGTRAP')");
    expect(crashed.fault).toBe('Electron ended before its window opened (SIGTRAP)');
    expect((await runDesktop(join(temporaryFolder(), 'none'), [])).fault).toContain('ENOENT');
    expect((await run("process.send('something else', () => process.exit(1))")).fault).toContain('exit code 1');
  });

  it('has not, once the window was there, or where the program runs already', async () => {
    expect(await run(`${shown}; setTimeout(() => process.exit(3), 50)`)).toEqual({ code: 3 });
    expect(await run('process.exit(0)')).toEqual({ code: 0 });
  });

  it('has not if it was told to', async () => {
    // The signal comes from the terminal, to both.
    const told = run("process.kill(process.ppid, 'SIGTERM'); setTimeout(() => undefined, 60_000)");
    expect(await told).toEqual({ code: 1 });
  });
});

describe.skipIf(process.platform === 'win32')("Chromium's sandbox", () => {
  const binary = '/home/me/cup bearer/dist/electron';
  const path = '/home/me/cup bearer/dist/chrome-sandbox';
  const free: SandboxFacts = {
    uid: 1000,
    helper: { path, uid: 1000, mode: 0o100755 },
    settings: {
      'user.max_user_namespaces': 127_000,
      'kernel.unprivileged_userns_clone': 1,
      'kernel.apparmor_restrict_unprivileged_userns': 0,
    },
    profile: undefined,
  };
  const withSetting = (name: keyof SandboxFacts['settings'], value: number, more: Partial<SandboxFacts> = {}) =>
    whyNoSandbox({ ...free, settings: { ...free.settings, [name]: value }, ...more }, binary);

  it('is there where namespaces are free, and where the kernel knows none of these settings', () => {
    expect(whyNoSandbox(free, binary)).toBeUndefined();
    const unknown = Object.fromEntries(Object.keys(free.settings).map((name) => [name, undefined]));
    expect(whyNoSandbox({ ...free, settings: unknown as SandboxFacts['settings'] }, binary)).toBeUndefined();
  });

  it('is not there for root, whatever else is allowed', () => {
    const { reason, remedy } = whyNoSandbox({ ...free, uid: 0, helper: { path, uid: 0, mode: 0o104755 } }, binary)!;
    expect(reason).toContain('cannot run as root');
    expect(remedy).toContain('ordinary user');
  });

  it('needs a helper of root where the kernel has no namespaces for users', () => {
    for (const name of ['user.max_user_namespaces', 'kernel.unprivileged_userns_clone'] as const) {
      const { reason, remedy } = withSetting(name, 0)!;
      expect(reason).toContain(`${name} = 0`);
      expect(remedy).toContain(`sudo chown root:root '${path}'\nsudo chmod 4755 '${path}'`);
      expect(withSetting(name, 0, { helper: undefined })!.remedy).toContain(`'${path}'`);
      // Of its two halves, neither does alone.
      expect(withSetting(name, 0, { helper: { path, uid: 0, mode: 0o100755 } })).toBeDefined();
      expect(withSetting(name, 0, { helper: { path, uid: 1000, mode: 0o104755 } })).toBeDefined();
      expect(withSetting(name, 0, { helper: { path, uid: 0, mode: 0o104755 } })).toBeUndefined();
    }
  });

  it('needs a profile where AppArmor restricts programs without one', () => {
    const name = 'kernel.apparmor_restrict_unprivileged_userns';
    const { reason, remedy } = withSetting(name, 1, { profile: 'unconfined' })!;
    expect(reason).toContain(`${name} = 1`);
    expect(remedy).toContain(`profile cupbearer-npm "${binary}" flags=(unconfined) {\n  userns,\n}`);
    expect(withSetting(name, 1, { profile: 'cupbearer-npm (unconfined)' })).toBeUndefined();
    // What cannot be told is tried.
    expect(withSetting(name, 1)).toBeUndefined();
  });

  it('gets a profile by commands that name this very file, whatever its path', () => {
    const odd = '/a/$HOME `id` "b" {c,d}*[e]@{f}\\';
    const script = profileCommands('p', odd)!
      .replace('sudo tee', 'cat >&1 #')
      .replace(/\nsudo apparmor_parser.*/, '');
    const { stdout } = spawnSync('sh', ['-c', script.replace(/cat >&1 # \S+ >\S+/, 'cat')], { encoding: 'utf8' });
    expect(stdout).toContain('profile p "/a/$HOME `id` \\"b\\" \\{c,d\\}\\*\\[e\\]\\@\\{f\\}\\\\" flags=(unconfined)');
    expect(profileCommands('p', '/a\nEND\nreboot')).toBeUndefined();
    expect(withSetting('user.max_user_namespaces', 0, { helper: { path: '/a\nb', uid: 1, mode: 0 } })!.remedy).toBe(
      'docs/installers.md says how to allow it.',
    );
  });

  it.runIf(process.platform === 'linux')('is judged by what the system says', () => {
    const { folder, binary: own } = electronPackage();
    expect(sandboxFacts(own)).toMatchObject({ uid: process.getuid!(), helper: undefined });
    const helper = join(folder, 'dist', 'chrome-sandbox');
    writeFileSync(helper, '');
    chmodSync(helper, 0o4755);
    const facts = sandboxFacts(own)!;
    expect(facts.helper).toMatchObject({ path: helper, uid: process.getuid!() });
    expect(facts.helper!.mode & 0o7777).toBe(0o4755);
    for (const value of Object.values(facts.settings)) expect(value === undefined || value >= 0).toBe(true);
  });
});

describe('an AppImage whose launcher has switched the sandbox off', () => {
  it('opens only if the user says so, and says what allows the sandbox', async () => {
    asked.length = 0;
    electronModule.dialog.answers.push(0, 1, 2, 1);
    const file = '/home/me/Cupbearer.AppImage';
    expect(await goesOnUnsandboxed(file)).toBe(false);
    expect(await goesOnUnsandboxed(file)).toBe(true);
    expect(calls('clipboard.writeText')).toEqual([]);
    expect(await goesOnUnsandboxed(file)).toBe(true);
    expect(calls('clipboard.writeText')).toEqual([[profileCommands('cupbearer-appimage', file)]]);
    expect(calls('showMessageBox')[0]).toEqual([
      expect.objectContaining({ defaultId: 0, cancelId: 0, type: 'warning' }),
    ]);
  });
});
