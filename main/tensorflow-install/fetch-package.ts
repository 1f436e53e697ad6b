import { cpSync, createReadStream, createWriteStream, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CupbearerError } from '../../shared/errors.ts';
import { readTar } from '../data/download/tar.ts';
import { createFolder } from '../storage/create-folder.ts';
import { dependencyFolder, packageName } from '../tensor/engines/tensorflow/installation.ts';
import { runProgram } from './run-program.ts';

/** The version of the npm package that this program works with. */
export function packageVersion(): string {
  const { optionalDependencies } = createRequire(import.meta.url)('../../package.json') as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies[packageName]!;
}

/** What is needed of the npm package: its JavaScript, the source of its addon, and the file that says what it is. */
const parts = ['dist', 'binding', 'package.json'];

/**
 * Puts the npm package into `folder`: from among our dependencies or, where npm left the optional one out, from npm (without
 * running its install script, which would fetch an old TensorFlow). `scratch` is a folder for what comes in between.
 * @throws CupbearerError `network`, `bad-data`, `cancelled`.
 */
export async function putPackage(folder: string, scratch: string, signal?: AbortSignal): Promise<void> {
  const installed = dependencyFolder();
  if (installed === undefined) return fetchPackage(folder, scratch, signal);
  for (const part of parts) cpSync(join(installed, part), join(folder, part), { recursive: true });
}

async function fetchPackage(folder: string, scratch: string, signal?: AbortSignal): Promise<void> {
  createFolder(scratch);
  const wanted = `${packageName}@${packageVersion()}`;
  const { code, output } = await runProgram('npm', ['pack', wanted, '--pack-destination', scratch], {
    signal,
    cwd: scratch,
    // npm is a script there, which only the shell can start.
    shell: process.platform === 'win32',
  });
  const [archive] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  if (code !== 0 || archive === undefined) {
    const reason = output.split('\n').find((line) => /^npm (error|ERR!) (?!code)/.test(line)) ?? 'npm is not there';
    throw new CupbearerError('network', `${wanted} could not be fetched: ${reason}.`, {
      hint: 'Check the connection and try again.',
    });
  }
  await unpackPackage(join(scratch, archive), folder);
}

async function unpackPackage(archive: string, folder: string): Promise<void> {
  const unpacked = createGunzip();
  const reading = pipeline(createReadStream(archive), unpacked);
  // A failure reaches the loop below through the stream that it reads.
  reading.catch(() => undefined);
  for await (const { path, content } of readTar(unpacked as AsyncIterable<Uint8Array>, archive)) {
    const [, name] = /^package\/([\w./-]+)$/.exec(path) ?? [];
    if (name === undefined || name.includes('..') || !parts.includes(name.split('/')[0]!)) continue;
    createFolder(dirname(join(folder, name)));
    await pipeline(content, createWriteStream(join(folder, name)));
  }
  await reading;
  if (!existsSync(join(folder, 'package.json')))
    throw new CupbearerError('bad-data', `"${archive}" holds no npm package.`, { hint: 'Try again.' });
}
