import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { dependencyFolder, packageName } from '../tensor/engines/tensorflow/installation.ts';
import { packByNpm, unpackPackage } from './npm-package.ts';

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
  const wanted = `${packageName}@${packageVersion()}`;
  const archive = await packByNpm(wanted, scratch, signal);
  if (archive === undefined) {
    throw new CupbearerError('network', `${wanted} could not be fetched: npm is not there.`, {
      hint: 'Install npm, which comes with Node.js, and try again.',
    });
  }
  await unpackPackage(archive, folder, (name) => parts.includes(name.split('/')[0]!));
}
