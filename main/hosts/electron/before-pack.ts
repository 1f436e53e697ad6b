/** Called by electron-builder before it packs the program for one system and processor. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Arch, type Configuration } from 'electron-builder';
import { parsePublicKey } from './update-signature.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What electron-builder passes to its hooks. */
type PackContext = Parameters<Extract<Configuration['beforePack'], (...args: never[]) => unknown>>[0];

/** What the names of packages with native code end in, by system. */
const suffixes: Readonly<Record<string, (arch: string) => string>> = {
  linux: (arch) => `linux-${arch}-gnu`,
  darwin: (arch) => `darwin-${arch}`,
  win32: (arch) => `win32-${arch}-msvc`,
};

/** The package with the native code of pictures for a system and processor, in the version that the program uses. */
export function picturePackage(platform: string, arch: string): { name: string; version: string } {
  const name = `@napi-rs/canvas-${suffixes[platform]!(arch)}`;
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules', '@napi-rs', 'canvas', 'package.json'), 'utf8'),
  ) as { version: string };
  return { name, version };
}

/** @throws Error if a build names an address for updates but no valid key: its copies would never update. */
export function checkUpdateKey({ publish, extraMetadata }: Pick<Configuration, 'publish' | 'extraMetadata'>): void {
  if (!publish) return;
  const { updateKey } = (extraMetadata ?? {}) as { updateKey?: unknown };
  parsePublicKey(typeof updateKey === 'string' ? updateKey : '');
}

/**
 * Says in TARGET_PLATFORM, which electron-builder.yml names, what system is packed for, and fetches the native code
 * that npm has not installed since it is for another machine. @throws Error that says how to do it by hand if it fails.
 */
export default function beforePack({ electronPlatformName, arch, packager }: PackContext): void {
  checkUpdateKey(packager.config);
  process.env['TARGET_PLATFORM'] = electronPlatformName;
  const { name, version } = picturePackage(electronPlatformName, Arch[arch]);
  if (existsSync(join(root, 'node_modules', name))) return;
  // It is for another machine, which npm takes only by force; what package.json says stays as it is.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--force', '--ignore-scripts', `${name}@${version}`];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0 || !existsSync(join(root, 'node_modules', name)))
    throw new Error(`The program for ${electronPlatformName}-${Arch[arch]} needs ${name}: npm ${args.join(' ')}`);
}
