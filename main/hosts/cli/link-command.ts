/**
 * Puts `cupbearer` into node_modules/.bin, where npx and npm scripts look first. Without it npx installs the project
 * into a cache of its own at the first call, and fails for good once that cache has lost its way (a moved checkout).
 */
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'main', 'hosts', 'cli', 'launch.mjs');
const folder = join(root, 'node_modules', '.bin');

// Installed as somebody's dependency there is no such folder, and npm has linked the command itself.
if (existsSync(join(root, 'node_modules'))) {
  mkdirSync(folder, { recursive: true });
  const link = join(folder, 'cupbearer');
  if (process.platform === 'win32') {
    writeFileSync(`${link}.cmd`, `@node "${target}" %*\r\n`);
  } else {
    chmodSync(target, 0o755);
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}
