import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, root), 'utf8')) as Record<string, unknown>;

// npm 10 compiles better-sqlite3, which needs headers from the Node.js site, unless the lockfile repeats what the package
// itself says ("gypfile": false; its binaries come in the package). npm 11 needs no such line and drops it from the file
// whenever it rewrites it: put it back after "npm install".
it('npm 10 is told not to compile better-sqlite3', () => {
  const { packages } = readJson('package-lock.json') as { packages: Record<string, { gypfile?: boolean }> };
  expect(packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
});

it('no registry is named in the lockfile', () => {
  expect(readFileSync(new URL('package-lock.json', root), 'utf8')).not.toContain('"resolved": "http');
});

it('npm 11 runs no install script but that of node, and asks about none', () => {
  const { packages } = readJson('package-lock.json') as { packages: Record<string, { hasInstallScript?: boolean }> };
  const withScript = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript && path !== '');
  const allowed = readJson('package.json')['allowScripts'] as Record<string, boolean>;
  for (const path of withScript) expect(Object.keys(allowed)).toContain(path.replace(/^.*node_modules\//, ''));
  expect(Object.keys(allowed).filter((name) => allowed[name])).toEqual(['node']);
});
