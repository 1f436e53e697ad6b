import { generateKeyPairSync } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadImage } from '@napi-rs/canvas';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { compile } from '../../main/hosts/electron/build.ts';
import beforePack, { checkUpdateKey, picturePackage } from '../../main/hosts/electron/before-pack.ts';
import { icnsBytes, icoBytes } from '../../main/hosts/electron/build-icons.ts';
import { publicKeyText } from '../../main/hosts/electron/update-signature.ts';
import { runMarker } from '../../main/storage/run-marker.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
  files: string[];
  asarUnpack: string[];
  fileAssociations: { ext: string }[];
  electronFuses: Record<string, boolean>;
  linux: { icon: string; executableName: string; syncDesktopName: boolean };
  appImage: { executableArgs: string[] };
  mac: { icon: string; hardenedRuntime: boolean; target: { target: string }[] };
  win: { icon: string; verifyUpdateCodeSignature: boolean };
};
const packageFile = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  main: string;
  desktopName: string;
  dependencies: Record<string, string>;
};

describe('electron-builder.yml', () => {
  it('is valid by the schema of electron-builder itself', () => {
    const schemaFile = createRequire(import.meta.url).resolve('app-builder-lib/scheme.json');
    const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as object;
    // The schema comes from TypeScript's types and carries their words along.
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    validate(config);
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...config, asarr: true });
    expect(validate.errors).not.toEqual([]);
  });

  it('hardens the binary', () => {
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
    });
  });

  it('keeps native code of every package that has some beside the archive', () => {
    const unpacked = config.asarUnpack.join('\n');
    for (const name of ['better-sqlite3', '@napi-rs/canvas']) {
      expect(packageFile.dependencies).toHaveProperty(name);
      expect(unpacked).toContain(`node_modules/${name}`);
    }
  });

  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['win32', 'x64'],
  ])('takes native code of the target alone, whatever packs: %s-%s', (platform, arch) => {
    const patterns = config.files.map((pattern) =>
      pattern.replace('${env.TARGET_PLATFORM}', platform).replace('${arch}', arch),
    );
    expect(patterns.filter((pattern) => pattern.includes('${'))).toEqual([]);
    for (const name of ['better-sqlite3', 'webgpu']) {
      const own = patterns.find((pattern) => pattern.startsWith(`node_modules/${name}/`))!;
      expect(globSync(own, { cwd: root }), own).not.toEqual([]);
    }
    const { name, version } = picturePackage(platform, arch);
    const packages = JSON.parse(readFileSync(join(root, 'node_modules/@napi-rs/canvas/package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    expect(packages.optionalDependencies).toHaveProperty([name], version);
    expect(name.startsWith(`@napi-rs/canvas-${platform}-${arch}`)).toBe(true);
    expect(patterns).toContain(`!node_modules/@napi-rs/canvas-!(${platform}-${arch}*)/**`);
  });

  it('packs without the network where the native code is that of this machine', () => {
    const arch = { x64: 1, arm64: 3 }[process.arch as 'x64' | 'arm64'];
    const context = { electronPlatformName: process.platform, arch, packager: { config: {} } } as Parameters<
      typeof beforePack
    >[0];
    expect(() => beforePack(context)).not.toThrow();
  });

  it('packs no program that looks for updates by an address alone', () => {
    const publish = { provider: 'generic', url: 'https://example.org/' } as const;
    const updateKey = publicKeyText(generateKeyPairSync('ed25519').privateKey);
    expect(() => checkUpdateKey({})).not.toThrow();
    expect(() => checkUpdateKey({ publish, extraMetadata: { updateKey } })).not.toThrow();
    expect(() => checkUpdateKey({ publish })).toThrow('not a public Ed25519 key');
    expect(() => checkUpdateKey({ publish, extraMetadata: { updateKey: 'AAAA' } })).toThrow('not a public Ed25519 key');
  });

  it('has newer versions checked by the system as well', () => {
    // Windows compares publishers; macOS takes a zip and compares the signatures of both copies.
    expect(config.win.verifyUpdateCodeSignature).toBe(true);
    expect(config.mac.target.map(({ target }) => target)).toContain('zip');
    expect(config.mac.hardenedRuntime).toBe(true);
  });

  it('associates the file that lies in each run folder', () => {
    expect(config.fileAssociations.map(({ ext }) => `.${ext}`)).toEqual([runMarker.extension]);
    expect(runMarker.name.endsWith(runMarker.extension)).toBe(true);
  });

  it('gives Linux one name for windows and the menu entry, so that a dock knows whose they are', () => {
    expect(packageFile.desktopName).toBe(`${config.linux.executableName}.desktop`);
    expect(config.linux.syncDesktopName).toBe(true);
  });

  it('leaves the sandbox of an AppImage on, and has a deb bring its AppArmor profile', () => {
    // electron-builder's own choice for an AppImage is --no-sandbox.
    expect(config.appImage.executableArgs).toEqual([]);
    const templates = join(
      dirname(createRequire(import.meta.url).resolve('app-builder-lib/scheme.json')),
      'templates/linux',
    );
    const read = (name: string) => readFileSync(join(templates, name), 'utf8');
    expect(read('apparmor-profile.tpl')).toMatch(/flags=\(unconfined\) \{\s+userns,/);
    expect(read('after-install.tpl')).toContain('apparmor_parser --replace');
  });

  it('names the compiled entry, and icons that are there', async () => {
    expect(packageFile.main).toBe('dist/electron/main/hosts/electron/main.js');
    for (const side of [16, 256, 512]) {
      const image = await loadImage(readFileSync(join(root, config.linux.icon, `${side}x${side}.png`)));
      expect([image.width, image.height]).toEqual([side, side]);
    }
    expect(readFileSync(join(root, config.mac.icon)).subarray(0, 4).toString()).toBe('icns');
    expect([...readFileSync(join(root, config.win.icon)).subarray(0, 4)]).toEqual([0, 0, 1, 0]);
  });
});

describe('icon files', () => {
  const png = new Uint8Array([1, 2, 3]);

  it('say where each picture lies', () => {
    const ico = Buffer.from(icoBytes([{ side: 16, png }, { side: 256, png: new Uint8Array(5) }])); // prettier-ignore
    expect(ico.readUInt16LE(4)).toBe(2);
    expect([ico[6], ico[22]]).toEqual([16, 0]);
    const offset = ico.readUInt32LE(18);
    expect([...ico.subarray(offset, offset + ico.readUInt32LE(14))]).toEqual([1, 2, 3]);
    expect(ico.readUInt32LE(34) + ico.readUInt32LE(30)).toBe(ico.length);
    const icns = Buffer.from(icnsBytes([{ type: 'ic07', png }]));
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    expect(icns.subarray(8, 12).toString()).toBe('ic07');
    expect(icns.readUInt32BE(12)).toBe(11);
  });
});

describe('the compiled program', () => {
  it('names files as they are called there', () => {
    const source = [
      "import { a } from './a.ts';",
      "import type { B } from './b.ts';",
      "const entry = new URL('./entry.ts', import.meta.url);",
      "const other = new URL('./data.json', import.meta.url);",
      'export const c: B = a(entry, other)!;',
    ].join('\n');
    const compiled = compile(source, 'main/x.ts');
    expect(compiled).toContain('from "./a.js"'.replaceAll('"', compiled.includes("'./a.js'") ? "'" : '"'));
    expect(compiled).toContain('./entry.js');
    expect(compiled).toContain('./data.json');
    expect(compiled).not.toMatch(/\.ts\b/);
  });
});
