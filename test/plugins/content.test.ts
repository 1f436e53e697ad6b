import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitCommit, readContent } from '../../main/plugins/content.ts';
import { changePlugins, currentVersion, installedPlugins, launchOf } from '../../main/plugins/plugin-store.ts';
import {
  contentFolder,
  keepDescription,
  keepSnapshot,
  keptDescription,
  verifySnapshot,
} from '../../main/plugins/snapshot.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cupbearer-plugin-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const manifest = {
  id: 'my-idea',
  version: '0.1.0',
  language: 'typescript',
  entry: 'detector.ts',
  adds: [{ kind: 'detector', id: 'my-idea' }],
};
function write(place: string, text: string): void {
  mkdirSync(dirname(join(folder, 'plugin', place)), { recursive: true });
  writeFileSync(join(folder, 'plugin', place), text);
}
function plugin(change: Record<string, unknown> = {}): string {
  write('cupbearer.plugin.json', JSON.stringify({ ...manifest, ...change }));
  write('detector.ts', 'export default 1;');
  return join(folder, 'plugin');
}

describe('the content of a plugin', () => {
  it('is the same wherever it lies, and another when a byte changes or a file gets another name', () => {
    const path = plugin();
    const { hash } = readContent(path);
    write('.git/HEAD', 'ref: refs/heads/main');
    write('node_modules/a/index.js', '');
    write('__pycache__/detector.pyc', '');
    expect(readContent(path).hash).toBe(hash);
    write('detector.ts', 'export default 2;');
    const changed = readContent(path).hash;
    expect(changed).not.toBe(hash);
    write('a/b.ts', '');
    const more = readContent(path).hash;
    rmSync(join(path, 'a/b.ts'));
    write('a/c.ts', '');
    expect(new Set([hash, changed, more, readContent(path).hash]).size).toBe(4);
  });

  it.each<[string, () => string, RegExp]>([
    [
      'a folder without a manifest',
      () => (write('a.ts', ''), join(folder, 'plugin')),
      /is not a plugin: it has no cupbearer\.plugin\.json/,
    ],
    ['a folder that is not there', () => join(folder, 'nowhere'), /is not a plugin|not found|does not exist/i],
    [
      'text that is no JSON',
      () => (plugin(), write('cupbearer.plugin.json', '{'), join(folder, 'plugin')),
      /is not a manifest/,
    ],
    ['an unknown kind', () => plugin({ adds: [{ kind: 'slider', id: 'a' }] }), /adds\.0\.kind/],
    ['an unknown key', () => plugin({ enrty: 'detector.ts' }), /enrty/],
    ['an entry outside of the folder', () => plugin({ entry: '../detector.ts' }), /entry must be a file inside/],
    [
      'an entry that is not there',
      () => plugin({ entry: 'other.ts' }),
      /entry names "other\.ts", which is not in the folder/,
    ],
    [
      'the same addition twice',
      () => plugin({ adds: [manifest.adds[0], manifest.adds[0]] }),
      /adds the detector "my-idea" a second time/,
    ],
    ['an id that is none', () => plugin({ id: 'My Idea' }), /id must be lower-case words/],
    [
      'a link',
      () => (plugin(), symlinkSync('/etc/passwd', join(folder, 'plugin', 'secrets')), join(folder, 'plugin')),
      /secrets" is a link or a device/,
    ],
    [
      'too many files',
      () => {
        plugin();
        for (let i = 0; i <= 1000; i++) write(`f/${i}`, '');
        return join(folder, 'plugin');
      },
      /more than 1000 files/,
    ],
  ])('refuses %s', (_, make, message) => {
    expect(() => readContent(make())).toThrow(message);
  });

  it('knows the commit of a repository without running anything of it', () => {
    const path = plugin();
    expect(gitCommit(path)).toBeUndefined();
    write('.git/HEAD', 'ref: refs/heads/main\n');
    write('.git/refs/heads/main', `${'a1'.repeat(20)}\n`);
    expect(gitCommit(path)).toBe('a1'.repeat(20));
    write('.git/HEAD', 'ref: ../../outside\n');
    expect(gitCommit(path)).toBeUndefined();
  });
});

describe('what was allowed', () => {
  const version = (hash: string) => ({ id: 'my-idea', version: '0.1.0', hash });
  const home = () => join(folder, 'home');
  async function allow(path: string, isEnabled = true) {
    const content = readContent(path);
    keepSnapshot(content, home());
    const allowed = [{ hash: content.hash, version: '0.1.0', at: new Date().toISOString() }];
    await changePlugins(() => [{ id: 'my-idea', folder: path, isDevelopment: false, isEnabled, allowed }], home());
    return content;
  }

  it('runs from a copy that a change of the folder does not reach', async () => {
    const path = plugin();
    const { hash } = await allow(path);
    write('detector.ts', 'something else');
    const launch = launchOf(version(hash), home());
    expect(launch.folder).toBe(path);
    expect(readFileSync(join(launch.content, 'detector.ts'), 'utf8')).toBe('export default 1;');
    expect(verifySnapshot(hash, home()).manifest.id).toBe('my-idea');
    expect(currentVersion(installedPlugins(home())[0]!)).toEqual(version(hash));
  });

  it('does not run once the copy was changed, or others could change it', async () => {
    const { hash } = await allow(plugin());
    writeFileSync(join(contentFolder(hash, home()), 'detector.ts'), 'evil');
    expect(() => verifySnapshot(hash, home())).toThrow(/no longer what was allowed/);
    await allow(join(folder, 'plugin'));
    expect(verifySnapshot(hash, home()).hash).toBe(hash);
    if (process.platform === 'win32') return;
    chmodSync(folder, 0o755);
    chmodSync(home(), 0o777);
    expect(() => verifySnapshot(hash, home())).toThrow(/others could change/);
  });

  it('says why a plugin does not start', async () => {
    const path = plugin();
    expect(() => launchOf(version('0'.repeat(64)), home())).toThrow(/no plugin "my-idea"/);
    const { hash } = await allow(path);
    expect(() => launchOf(version('0'.repeat(64)), home())).toThrow(/never allowed/);
    await allow(path, false);
    expect(() => launchOf(version(hash), home())).toThrow(/switched off/);
  });

  it('keeps what its definitions say for the version of the program that asked', async () => {
    const { hash } = await allow(plugin());
    expect(keptDescription(hash, '0.1.0', home())).toBeUndefined();
    keepDescription(hash, '0.1.0', [], home());
    expect(keptDescription(hash, '0.1.0', home())).toEqual([]);
    expect(keptDescription(hash, '0.2.0', home())).toBeUndefined();
  });

  it('loses no change when several are made at once', async () => {
    const add = (id: string) =>
      changePlugins(
        (plugins) => [...plugins, { id, folder: '/f', isDevelopment: false, isEnabled: true, allowed: [] }],
        home(),
      );
    await Promise.all(Array.from({ length: 12 }, (_, i) => add(`p${i}`)));
    expect(installedPlugins(home())).toHaveLength(12);
  });
});
