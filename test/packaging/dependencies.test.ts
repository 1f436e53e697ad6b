import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');
const packageFile = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>;
const direct = { ...packageFile.dependencies, ...packageFile.devDependencies, ...packageFile.optionalDependencies };

it('docs/dependencies.md says what each direct dependency is for, and names no other', () => {
  const tables = read('docs/dependencies.md').split('## What is shipped')[1]!;
  const named = tables
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
  expect(named.sort()).toEqual(Object.keys(direct).sort());
});

it('every direct dependency has an exact version', () => {
  for (const version of Object.values(direct)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

it('Dependabot respects what is pinned on purpose', () => {
  const { version, updates } = parse(read('.github/dependabot.yml')) as {
    version: number;
    updates: {
      'package-ecosystem': string;
      directory: string;
      ignore: { 'dependency-name': string; versions: string[] }[];
      groups: Record<string, { patterns?: string[] }>;
    }[];
  };
  expect(version).toBe(2);
  const [npm, ...others] = updates;
  expect(others).toEqual([]);
  expect(npm).toMatchObject({ 'package-ecosystem': 'npm', directory: '/' });
  const ignored = npm!.ignore.map((rule) => [rule['dependency-name'], ...rule.versions]);
  expect(ignored).toEqual(
    expect.arrayContaining([
      ['typescript', '>=7'],
      ['@napi-rs/canvas', '>=1.1'],
    ]),
  );
  // A rule that leaves out the version in use would be one that somebody has forgotten.
  for (const [name, range] of ignored) {
    const [major = 0, minor = 0] = range!.slice('>='.length).split('.').map(Number);
    const [currentMajor = 0, currentMinor = 0] = direct[name!]!.split('.').map(Number);
    expect(currentMajor < major || (currentMajor === major && currentMinor < minor), name).toBe(true);
  }
  const patterns = Object.values(npm!.groups).flatMap(({ patterns: own = [] }) => own);
  for (const pattern of patterns) {
    const beginning = pattern.replace(/\*$/, '');
    const fits = (name: string) => (pattern.endsWith('*') ? name.startsWith(beginning) : name === pattern);
    expect(Object.keys(direct).filter(fits), pattern).not.toEqual([]);
  }
});

it('no version is locked that an advisory is known against', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };
  // Packages below the first version without the fault; docs/dependencies.md names the advisories.
  const fixed = { tar: [7, 5, 7] };
  for (const [name, first] of Object.entries(fixed)) {
    const locked = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
    expect(locked.length).toBeGreaterThan(0);
    for (const path of locked) {
      const version = packages[path]!.version.split('.').map(Number);
      const differs = version.findIndex((number, index) => number !== first[index]);
      expect(differs === -1 || version[differs]! > first[differs]!, `${path} ${version.join('.')}`).toBe(true);
    }
  }
});
