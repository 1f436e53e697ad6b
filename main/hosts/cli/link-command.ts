/**
 * Puts `cupbearer` into node_modules/.bin, where npx and npm scripts look first. Without it npx installs the project
 * into a cache of its own at the first call, and fails for good once that cache has lost its way (a moved checkout).
 */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'node_modules', '.bin');
const target = ['..', '..', 'main', 'hosts', 'cli', 'launch.mjs'];

// If the project is installed as a dependency there is no such folder, and npm has linked the command itself.
if (existsSync(join(root, 'node_modules'))) {
  mkdirSync(folder, { recursive: true });
  const link = join(folder, 'cupbearer');
  if (process.platform === 'win32') {
    writeFileSync(`${link}.cmd`, `@node "%~dp0${target.join('\\')}" %*\r\n`);
  } else {
    rmSync(link, { force: true });
    symlinkSync(join(...target), link);
  }
}
