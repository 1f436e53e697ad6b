import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type RequestOptions, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ElectronUpdater from 'electron-updater';
import { ElectronHttpExecutor } from 'electron-updater/out/electronHttpExecutor.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { settingsSchema } from '../../../shared/domain/settings.ts';
import { signUpdates } from '../../../main/hosts/electron/sign-updates.ts';
import { readUpdateSource } from '../../../main/hosts/electron/update-source.ts';
import { isSigned, parsePublicKey, publicKeyText, signatureOf } from '../../../main/hosts/electron/update-signature.ts';
import { asked, calls, electronModule } from './electron-stand-in.ts';

const { AppImageUpdater } = await vi
  .importActual<{ default: typeof ElectronUpdater }>('electron-updater')
  .then((module) => module.default);
const current: { autoUpdater?: InstanceType<typeof AppImageUpdater> } = {};
vi.mock('electron', () => electronModule);
vi.mock('electron-updater', () => ({ default: current }));
const { Updates } = await import('../../../main/hosts/electron/updates.ts');

const owner = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const sha512 = (text: string) => createHash('sha512').update(text).digest('base64');

const installer = '#!/bin/sh\necho the newer version\n';
const installerName = 'Cupbearer-2.0.0.AppImage';
const list = (version: string, content = installer) =>
  [
    `version: ${version}`,
    'files:',
    `  - url: ${installerName}`,
    `    sha512: ${sha512(content)}`,
    `    size: ${content.length}`,
    "releaseDate: '2026-01-01T00:00:00.000Z'",
    '',
  ].join('\n');

// The updater of an AppImage is the one that can be tried here; how lists are fetched is the same for all.
describe.runIf(process.platform === 'linux')('newer versions', () => {
  let place: string;
  let server: Server;
  let address: string;
  let requested: string[];
  /** What the server has, by path; a function writes the answer itself. */
  let files: Record<string, string>;
  const listPath = process.arch === 'x64' ? '/latest-linux.yml' : `/latest-linux-${process.arch}.yml`;
  const { answers } = electronModule.dialog;
  const messages = () => calls('showMessageBox').map(([options]) => (options as { message: string }).message);
  const details = () => calls('showMessageBox').map(([options]) => (options as { detail?: string }).detail);
  const downloaded = () =>
    readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((n) => n.endsWith('.AppImage'));

  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      requested.push(url);
      const file = files[url];
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'cupbearer-updates-'));
    writeFileSync(join(place, 'app-update.yml'), 'updaterCacheDirName: cupbearer-updater\n');
    vi.stubEnv('APPIMAGE', join(place, 'Cupbearer.AppImage.old'));
    [asked.length, answers.length, requested, files] = [0, 0, [], {}];
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true, force: true });
  });

  /** Looks for newer versions as version 1.0.0 does, with "Download" and "Later" as the user's answers. */
  async function look(): Promise<string[]> {
    const updater = new AppImageUpdater(null, {
      version: '1.0.0',
      name: 'cupbearer',
      isPackaged: true,
      appUpdateConfigPath: join(place, 'app-update.yml'),
      userDataPath: place,
      baseCachePath: place,
      whenReady: () => Promise.resolve(),
      relaunch: () => undefined,
      quit: () => undefined,
      onQuit: () => undefined,
    });
    // Electron's network is part of its binary; Node's takes its place.
    const createRequest = (options: RequestOptions, answer: () => void) => request(options, answer);
    Object.assign(updater, { httpExecutor: Object.assign(new ElectronHttpExecutor(), { createRequest }) });
    current.autoUpdater = updater;
    const lines: string[] = [];
    const source = { address, key: parsePublicKey(publicKeyText(owner.privateKey)) };
    const updates = new Updates(
      source,
      () => settingsSchema.parse({}),
      (line) => lines.push(line),
      () => undefined,
    );
    answers.push(0, 1);
    const settled = new Promise<void>((resolve) => {
      for (const event of ['update-downloaded', 'error', 'update-not-available'] as const)
        updater.on(event, () => resolve());
    });
    await updates.checkNow();
    await settled;
    await new Promise((resolve) => setImmediate(resolve));
    return lines;
  }

  const signedBy = (key: typeof owner, text: string) => signatureOf(Buffer.from(text), key.privateKey);

  it('are downloaded where their list is signed with the key of the program', async () => {
    files = { [listPath]: list('2.0.0'), [`${listPath}.sig`]: `${signedBy(owner, list('2.0.0'))}\n` };
    files[`/${installerName}`] = installer;
    expect(await look()).toEqual([]);
    expect(messages()).toEqual(['Version 2.0.0 is there.', 'Version 2.0.0 is ready to be installed.']);
    const [file] = downloaded();
    expect(readFileSync(join(place, file!), 'utf8')).toBe(installer);
    // Nothing else is asked for: block maps are not signed.
    expect(requested).toEqual([listPath, `${listPath}.sig`, `/${installerName}`]);
  });

  it.each<[string, () => string | undefined]>([
    ['by somebody else', () => signedBy(stranger, list('2.0.0'))],
    ['not at all', () => undefined],
    ['by an empty file', () => ''],
    ['by something that is no signature', () => 'a signature, honestly'],
    ['when it was another', () => signedBy(owner, list('1.5.0'))],
    ['in part', () => signedBy(owner, list('2.0.0')).slice(0, 40)],
  ])('are refused where their list is signed %s', async (_how, signature) => {
    files = { [listPath]: list('2.0.0'), [`/${installerName}`]: installer };
    const given = signature();
    if (given !== undefined) files[`${listPath}.sig`] = given;
    const [line] = await look();
    expect(line).toMatch(/^Looking for an update failed: .*latest-linux.*(is not signed|the server answered 404)/);
    expect(messages()).toEqual(['Whether there is a newer version could not be found out.']);
    expect(details()[0]).toContain('latest-linux');
    expect(requested).toEqual([listPath, `${listPath}.sig`]);
    expect(downloaded()).toEqual([]);
  });

  it('are refused where the installer is not the one of the list', async () => {
    files = { [listPath]: list('2.0.0'), [`${listPath}.sig`]: signedBy(owner, list('2.0.0')) };
    files[`/${installerName}`] = installer.replace('newer', 'other');
    expect(await look()).toEqual([expect.stringMatching(/^Downloading an update failed: .*sha512 checksum mismatch/)]);
    expect(messages()).toEqual(['Version 2.0.0 is there.', 'The newer version could not be downloaded.']);
    expect(downloaded()).toEqual([]);
  });

  it('are not taken from a signed list of an older one', async () => {
    files = { [listPath]: list('0.9.0'), [`${listPath}.sig`]: signedBy(owner, list('0.9.0')) };
    expect(await look()).toEqual([]);
    expect(messages()).toEqual(['Version 1.0.0 is the newest.']);
  });

  it('are refused where their list is longer than a list can be', async () => {
    const long = `${list('2.0.0')}# ${'x'.repeat(1_000_000)}\n`;
    files = { [listPath]: long, [`${listPath}.sig`]: signedBy(owner, long) };
    expect(await look()).toEqual([expect.stringContaining('expected at most 1000000 bytes')]);
  });
});

describe('where newer versions come from', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'cupbearer-source-'));
    mkdirSync(join(place, 'resources'));
    mkdirSync(join(place, 'program'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const updateKey = publicKeyText(owner.privateKey);
  const generic = 'provider: generic\nurl: https://example.org/versions\n';
  const read = (config: string | undefined, packageFile: object, platform: NodeJS.Platform = 'linux') => {
    if (config !== undefined) writeFileSync(join(place, 'resources', 'app-update.yml'), config);
    writeFileSync(join(place, 'program', 'package.json'), JSON.stringify(packageFile));
    return readUpdateSource({ resources: join(place, 'resources'), program: join(place, 'program'), platform });
  };

  it('is what the build was given: an address and a key', () => {
    const source = read(generic, { updateKey })!;
    expect(source.address).toBe('https://example.org/versions/');
    expect(source.key.equals(owner.publicKey)).toBe(true);
  });

  it('is nowhere without an address', () => {
    expect(read(undefined, { updateKey })).toBeUndefined();
  });

  it('is nowhere without a key', () => {
    expect(() => read(generic, {})).toThrow('Updates need a key');
    for (const key of ['', 'AAAA', 'no key', owner.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string])
      expect(() => read(generic, { updateKey: key })).toThrow('not a public Ed25519 key');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => read(generic, { updateKey: publicKeyText(rsa.privateKey) })).toThrow('not a public Ed25519 key');
  });

  it('is nowhere where a list of versions has no place for a signature', () => {
    // What electron-builder finds out about a checkout from GitHub by itself.
    expect(() => read('provider: github\nowner: a\nrepo: b\n', { updateKey })).toThrow('"generic"');
    expect(() => read('provider: generic\nurl: file:///etc\n', { updateKey })).toThrow('on the web');
  });

  it('is nowhere on Windows without a publisher', () => {
    expect(() => read(generic, { updateKey }, 'win32')).toThrow('need a publisher');
    expect(() => read(`${generic}publisherName: []\n`, { updateKey }, 'win32')).toThrow('need a publisher');
    expect(read(`${generic}publisherName:\n  - CN=Somebody\n`, { updateKey }, 'win32')).toBeDefined();
  });
});

describe('npm run sign-updates', () => {
  let place: string;
  beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-sign-'))));
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  it('signs each list of versions, and nothing else', () => {
    const keyFile = join(place, 'key.pem');
    writeFileSync(keyFile, owner.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(() => signUpdates(place, keyFile)).toThrow('holds no list of versions');
    const lists = ['latest-linux.yml', 'latest-mac.yml', 'latest.yml'];
    for (const name of [...lists, 'builder-debug.yml', 'Cupbearer.AppImage']) writeFileSync(join(place, name), name);
    expect(signUpdates(place, keyFile).sort()).toEqual(lists);
    expect(readdirSync(place).filter((name) => name.endsWith('.sig'))).toHaveLength(3);
    for (const name of lists) {
      const signature = readFileSync(join(place, `${name}.sig`), 'utf8');
      expect(isSigned(Buffer.from(name), signature, owner.publicKey)).toBe(true);
      expect(isSigned(Buffer.from(`${name} `), signature, owner.publicKey)).toBe(false);
    }
  });

  it('takes no other kind of key', () => {
    const keyFile = join(place, 'key.pem');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(join(place, 'latest.yml'), '');
    expect(() => signUpdates(place, keyFile)).toThrow('Expected an Ed25519 key, found one of type rsa');
  });
});
