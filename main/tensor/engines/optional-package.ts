import { createRequire } from 'node:module';
import { CupbearerError } from '../../../shared/errors.ts';

/**
 * Loads a package that the program can do without and that may not have been installed.
 * @throws CupbearerError `engine` if it is not there or does not load on this machine.
 */
export async function loadOptional<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new CupbearerError(
      'engine',
      isMissing ? `The optional package "${name}" is not installed.` : `The package "${name}" does not load: ${reason}`,
      { hint: 'Run "npm ci" with a connection to the package registry; it says why it leaves out a package.', cause },
    );
  }
}

/** The version of an installed package, from its package.json. */
export function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
}
