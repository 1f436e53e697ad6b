import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The version of this program, as its package says. */
export function programVersion(): string {
  return (require('../../package.json') as { version: string }).version;
}
