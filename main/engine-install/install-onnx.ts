import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { fetchFile } from '../data/download/fetch-file.ts';
import { forkProcess } from '../jobs/child-process.ts';
import { Inspector } from '../jobs/inspection.ts';
import { installedRuntimes, runtimePackages, runtimesFolder } from '../models/onnx/runtime.ts';
import { hashFile } from '../storage/content-hash.ts';
import { createFolder } from '../storage/create-folder.ts';
import { exposedFolder } from '../storage/private-folder.mjs';
import { createPrivateFolder } from '../storage/private-files.ts';
import { removeLeftovers } from '../storage/leftovers.ts';
import { withStorageErrors } from '../storage/storage-error.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import { packByNpm, unpackPackage } from './npm-package.ts';
import { replaceFolder } from './place-installation.ts';

/** The ONNX Runtime that is taken: the newest that was tried. */
export const onnxVersion = '1.30.0';

interface KnownPackage {
  name: string;
  bytes: number;
  sha256: string;
  /** Whether a file of it is needed here. */
  isWanted: (name: string) => boolean;
}

const packages: readonly KnownPackage[] = [
  {
    name: 'onnxruntime-node',
    bytes: 113_507_888,
    sha256: '6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75',
    isWanted: (name) =>
      name === 'package.json' ||
      /^dist\/[\w-]+\.js$/.test(name) ||
      name.startsWith(`bin/napi-v6/${process.platform}/${process.arch}/`),
  },
  {
    name: 'onnxruntime-common',
    bytes: 66_795,
    sha256: '7906c439e0d3e0f4048caa23b64cdfadc0f455c377f579ce1ab2a4b778f07d5f',
    isWanted: (name) => name === 'package.json' || /^dist\/cjs\/[\w-]+\.js(on)?$/.test(name),
  },
];

/** Those for which the package brings a library. */
const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

interface OnnxInstallOptions {
  /** A folder with the archives as `npm pack` writes them, for machines without a network. */
  folder?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Hears what is being done. */
  onStep?: (text: string) => void;
  onBytes?: (done: number, total: number) => void;
}

/**
 * Installs ONNX Runtime in the program's own folder: fetches its packages, checks their SHA-256, keeps what this platform needs, and has
 * it compute something in a process of its own. Nothing is left behind where any step fails.
 * @throws CupbearerError `network`, `bad-data`, `not-found`, `storage`, `cancelled`; `engine` if it does not work here.
 */
export async function installOnnx(options: OnnxInstallOptions = {}): Promise<{ id: string; version: string }> {
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new CupbearerError('engine', `There is no ONNX Runtime for ${platform}.`, {
      hint: `There is one for ${platforms.join(', ')}.`,
    });
  }
  const root = runtimesFolder();
  createPrivateFolder(root);
  await removeLeftovers([root]);
  const staging = temporaryPath(join(root, 'installation'));
  createPrivateFolder(staging);
  try {
    const exposed = exposedFolder(staging);
    if (exposed !== undefined) {
      throw new CupbearerError(
        'engine',
        `ONNX Runtime is not installed in "${exposed}": other users can write there.`,
        {
          hint: 'Make it yours alone (chown, chmod go-w), or set CUPBEARER_HOME to a folder that is.',
        },
      );
    }
    const scratch = join(staging, 'scratch');
    for (const known of packages) {
      const archive = await archiveOf(known, join(scratch, known.name), options);
      await unpackPackage(archive, join(runtimePackages(staging), known.name), known.isWanted);
    }
    rmSync(scratch, { recursive: true, force: true });
    options.onStep?.('Testing it');
    const version = await testedVersion(staging, options.signal);
    const id = `onnx-${version}`;
    replaceFolder(staging, join(root, id));
    // Only the newest is used.
    for (const other of installedRuntimes()) if (other !== id) removeOnnx(other);
    return { id, version };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Removes an installation of ONNX Runtime. @throws CupbearerError `storage`. */
export function removeOnnx(id: string): void {
  const folder = join(runtimesFolder(), id);
  withStorageErrors(`remove "${folder}"`, () => rmSync(folder, { recursive: true, force: true }));
}

/** The archive of a package, checked. */
async function archiveOf(known: KnownPackage, scratch: string, options: OnnxInstallOptions): Promise<string> {
  const { name, bytes, sha256 } = known;
  const file = `${name}-${onnxVersion}.tgz`;
  if (options.folder !== undefined) {
    const path = join(resolve(options.folder), file);
    if (!existsSync(path)) {
      throw new CupbearerError('not-found', `There is no file "${path}".`, {
        hint: `Fetch the archives elsewhere: npm pack ${packages.map((each) => `${each.name}@${onnxVersion}`).join(' ')}`,
      });
    }
    return checked(path, known);
  }
  options.onStep?.(`Fetching ${name} ${onnxVersion}`);
  const packed = await packByNpm(`${name}@${onnxVersion}`, scratch, options.signal);
  if (packed !== undefined) return checked(packed, known);
  const registry = process.env['npm_config_registry'];
  if (!registry) {
    throw new CupbearerError('network', `${name} cannot be fetched: there is no npm, and no registry is named.`, {
      hint: 'Install Node.js with npm, name a registry in npm_config_registry, or fetch the archives elsewhere and give their folder with --from-packages.',
    });
  }
  const address = `${registry.replace(/\/$/, '')}/${name}/-/${file}`;
  createFolder(scratch);
  const path = join(scratch, file);
  await fetchFile(
    [address],
    path,
    { name: file, bytes, sha256 },
    {
      signal: options.signal,
      onBytes: (done) => options.onBytes?.(done, bytes),
    },
  );
  return path;
}

/** @throws CupbearerError `bad-data` for an archive that is not the one that is known. */
function checked(path: string, { name, sha256 }: KnownPackage): string {
  const found = hashFile(path);
  if (found === sha256) return path;
  throw new CupbearerError(
    'bad-data',
    `${name} ${onnxVersion}: expected an archive with SHA-256 ${sha256}, found ${found}.`,
    { hint: 'Try again. Where it stays so, a proxy or a mirror changes it: fetch it elsewhere.' },
  );
}

async function testedVersion(folder: string, signal: AbortSignal | undefined): Promise<string> {
  const inspector = new Inspector(forkProcess);
  try {
    const { version } = await inspector.ask('test-onnx', { folder }, { dataDir: '', signal });
    return version;
  } finally {
    inspector.close();
  }
}
