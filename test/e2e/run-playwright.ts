import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder, sharedCompileCache } from '../private-cache.ts';

/** Runs the end-to-end tests, with more in their environment, and returns the exit code. */
export function runPlaywright(args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  // Its own place for compiled tests is a name in the shared temporary folder that any user can create first.
  const compiled = { PLAYWRIGHT_TRANSFORM_CACHE_DIR: join(cacheFolder, 'playwright'), ...sharedCompileCache };
  const { status } = spawnSync('npx', ['playwright', 'test', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...compiled, ...env },
    shell: process.platform === 'win32',
  });
  return status ?? 1;
}
