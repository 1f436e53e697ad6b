import { createReadStream, createWriteStream, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CupbearerError } from '../../shared/errors.ts';
import { readTar } from '../data/download/tar.ts';
import { createFolder } from '../storage/create-folder.ts';
import { runProgram } from './run-program.ts';

/**
 * Fetches a package ("name@1.0.0") into the empty folder `scratch` by npm, with its settings and the registry's integrity hash, and
 * without running its install script. @returns the archive's path; undefined if npm is not there.
 * @throws CupbearerError `network`, `cancelled`.
 */
export async function packByNpm(wanted: string, scratch: string, signal?: AbortSignal): Promise<string | undefined> {
  createFolder(scratch);
  const { code, output, isThere } = await runProgram('npm', ['pack', wanted, '--pack-destination', scratch], {
    signal,
    cwd: scratch,
    // npm is a script there, which only the shell can start.
    shell: process.platform === 'win32',
  });
  const [archive] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  if (code === 0 && archive !== undefined) return join(scratch, archive);
  if (!isThere) return undefined;
  const reason = output.split('\n').find((line) => /^npm (error|ERR!) (?!code)/.test(line)) ?? 'npm is not there';
  throw new CupbearerError('network', `${wanted} could not be fetched: ${reason}.`, {
    hint: 'Check the connection and try again.',
  });
}

/**
 * Unpacks those files of a package's archive that `isWanted` names into `folder`, `package.json` among them.
 * @throws CupbearerError `bad-data` if it holds no package, `storage`.
 */
export async function unpackPackage(
  archive: string,
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<void> {
  const unpacked = createGunzip();
  const reading = pipeline(createReadStream(archive), unpacked);
  // A failure reaches the loop below through the stream that it reads.
  reading.catch(() => undefined);
  for await (const { path, content } of readTar(unpacked as AsyncIterable<Uint8Array>, archive)) {
    const [, name] = /^package\/([\w./-]+)$/.exec(path) ?? [];
    if (name === undefined || name.includes('..') || !isWanted(name)) continue;
    createFolder(dirname(join(folder, name)));
    await pipeline(content, createWriteStream(join(folder, name)));
  }
  await reading;
  if (!existsSync(join(folder, 'package.json')))
    throw new CupbearerError('bad-data', `"${archive}" holds no npm package.`, { hint: 'Try again.' });
}
