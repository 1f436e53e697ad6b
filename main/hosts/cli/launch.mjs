#!/usr/bin/env node
// Starts the CLI under a Node.js that can run it. The sources are TypeScript, which Node 20 cannot read, and the
// catalogue's native module needs Node 22 or later: on an older one, the Node.js among the dependencies takes over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileCacheFolder } from '../../storage/compile-cache.mjs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const runsTypeScript = major > 22 || (major === 22 && minor >= 18);

if (runsTypeScript) {
  const cache = compileCacheFolder();
  if (cache !== undefined) module.enableCompileCache?.(cache);
  await import('./main.ts');
} else {
  const bundled = ['node', 'node.exe']
    .map((name) => fileURLToPath(new URL(`../../../node_modules/node/bin/${name}`, import.meta.url)))
    .find((path) => existsSync(path));
  if (!bundled) {
    console.error(
      `cupbearer needs Node.js 22.18 or later and this is ${process.versions.node}: run "npm ci" in its folder, which brings one along, or install a newer Node.js.`,
    );
    process.exit(1);
  }
  // The other one would use a folder of this name before the program could look whose it is.
  const env = { ...process.env };
  delete env['NODE_COMPILE_CACHE'];
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit', env });
  // Ctrl-C reaches the child by the terminal; other signals are passed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
