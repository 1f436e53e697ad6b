import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync, type Zippable } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRepository, addZip } from '../../main/plugins/add-plugin.ts';
import { installedPlugins } from '../../main/plugins/plugin-store.ts';

let place: string;
beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-add-'))));
afterEach(() => rmSync(place, { recursive: true, force: true }));

const home = () => join(place, 'home');
const manifest = {
  id: 'my-idea',
  version: '0.1.0',
  language: 'typescript',
  entry: 'detector.ts',
  adds: [{ kind: 'detector', id: 'my-idea' }],
};
const sound = {
  'cupbearer.plugin.json': strToU8(JSON.stringify(manifest)),
  'detector.ts': strToU8('export default 1;'),
};

function zip(files: Zippable): string {
  const path = join(place, 'plugin.zip');
  writeFileSync(path, zipSync(files));
  return path;
}

describe('a zip', () => {
  it('becomes a plugin that is listed and was never allowed, with or without a folder around its files', async () => {
    for (const files of [sound, { 'my-idea-main': sound }]) {
      expect(await addZip(zip(files), { home: home() })).toBe('my-idea');
      const [plugin] = installedPlugins(home());
      expect(plugin).toMatchObject({ id: 'my-idea', isDevelopment: false, allowed: [] });
      expect(readFileSync(join(plugin!.folder, 'detector.ts'), 'utf8')).toBe('export default 1;');
    }
  });

  it.each<[string, () => string, RegExp]>([
    ['a name that leads out', () => zip({ ...sound, '../outside.ts': strToU8('') }), /"\.\.\/outside\.ts"/],
    ['a name from the root', () => zip({ ...sound, '/outside.ts': strToU8('') }), /"\/outside\.ts"/],
    ['a name with a backslash', () => zip({ ...sound, 'a\\..\\b.ts': strToU8('') }), /a name without/],
    ['too many files', () => zip({ ...sound, f: manyFiles() }), /more than 1000 files/],
    ['more than it seems', () => sayingThat(65 * 2 ** 20), /more than 1000 files or 67\.1\sMB/],
    ['no manifest', () => zip({ 'detector.ts': sound['detector.ts'] }), /has no cupbearer\.plugin\.json/],
    ['nothing', () => zip({}), /has no cupbearer\.plugin\.json/],
    ['half of itself', halfZip, /is not a zip that can be read/],
  ])('with %s is refused, and nothing is written', async (_, make, message) => {
    await expect(addZip(make(), { home: home() })).rejects.toThrow(message);
    expect(installedPlugins(home())).toEqual([]);
    expect(existsSync(home())).toBe(false);
    expect(readdirSync(place)).toEqual(['plugin.zip']);
  });

  it('that says that a file is smaller than it is does not get more memory than it says', async () => {
    const path = sayingThat(100);
    const added = await addZip(path, { home: home() }).catch((error: unknown) => error);
    if (added !== 'my-idea') return expect(String(added)).toMatch(/is not a zip that can be read/);
    expect(readFileSync(join(installedPlugins(home())[0]!.folder, 'zeros'))).toHaveLength(100);
  });

  function manyFiles(): Zippable {
    return Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}`, strToU8('')]));
  }

  /** A zip with a file of a megabyte that it says has so many bytes. */
  function sayingThat(size: number): string {
    const path = zip({ ...sound, zeros: new Uint8Array(2 ** 20) });
    const bytes = readFileSync(path);
    // The central directory, from which sizes are read, has them 24 bytes after its signature.
    for (let at = 0; (at = bytes.indexOf('PK\x01\x02', at, 'latin1')) >= 0; at += 4)
      if (bytes.readUInt32LE(at + 24) === 2 ** 20) bytes.writeUInt32LE(size, at + 24);
    writeFileSync(path, bytes);
    return path;
  }

  function halfZip(): string {
    const path = zip(sound);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    return path;
  }
});

describe('the address of a repository', () => {
  it.each([
    '--upload-pack=touch it',
    '-cprotocol.ext.allow=always',
    'ext::sh -c touch% it',
    'git://example.org/plugin',
    'http://example.org/plugin',
    'file:///etc',
    'https://example.org/a plugin',
    '',
  ])('%j is refused before Git sees it', async (url) => {
    await expect(addRepository(url, { home: home() })).rejects.toThrow(/Expected the address of a Git repository/);
    expect(existsSync(home())).toBe(false);
  });
});
