import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './component.ts';
import { isAllowed } from './licence-policy.ts';
import { standardText } from './standard-text.ts';

/** A package as package-lock.json names it; its key is the path of its folder. */
interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The packages of package-lock.json, by the path of their folders. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** Packages without a licence file: the standard texts to ship, with the copyright that their sources state. */
const statedElsewhere: Readonly<Record<string, { licence: string; copyright: string; texts: readonly string[] }>> = {
  ...Object.fromEntries(
    ['tfjs', 'tfjs-converter', 'tfjs-core', 'tfjs-data', 'tfjs-node-gpu']
      .concat(['tfjs-backend-cpu', 'tfjs-backend-wasm', 'tfjs-backend-webgl', 'tfjs-backend-webgpu'])
      .map((name) => [
        `@tensorflow/${name}`,
        { licence: 'Apache-2.0', copyright: 'Copyright Google LLC. All Rights Reserved.', texts: ['Apache-2.0'] },
      ]),
  ),
  '@tensorflow/tfjs-layers': {
    licence: 'Apache-2.0 AND MIT',
    copyright: 'Copyright 2018 Google LLC',
    texts: ['Apache-2.0', 'MIT'],
  },
  'agent-base': mit('Copyright (c) 2013 Nathan Rajlich <nathan@tootallnate.net>'),
  'https-proxy-agent': mit('Copyright (c) 2013 Nathan Rajlich <nathan@tootallnate.net>'),
  'es6-promisify': mit('Copyright (c) Mike Hall'),
  'lazy-val': mit('Copyright (c) Vladimir Krivosheev'),
  seedrandom: mit('Copyright 2019 David Bau'),
  tr46: mit('Copyright (c) Sebastian Mayr'),
};

function mit(copyright: string) {
  return { licence: 'MIT', copyright, texts: ['MIT'] };
}

/** Packages whose package.json names no licence, with the one in their licence file. */
const unnamed: Readonly<Record<string, string>> = { 'svelte-toolbelt': 'MIT' };

/** Returns the packages that package-lock.json in `root` names, but for the program itself. */
export function readLockedPackages(root: string): LockedPackages {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: LockedPackages;
  };
  return Object.fromEntries(Object.entries(packages).filter(([path]) => path !== ''));
}

/** Returns the paths of the packages that the program needs to run, on this system or another. */
export function runtimePackages(packages: LockedPackages): string[] {
  return Object.keys(packages).filter((path) => packages[path]!.dev !== true);
}

/**
 * Returns packages with their licences. An optional package that is not installed is left out, unless it is the part
 * of an installed one for another system. @throws Error naming each without a licence, or with one not allowed.
 */
export function licensedPackages(root: string, packages: LockedPackages, paths: readonly string[]): Component[] {
  const faults: string[] = [];
  const components = paths.flatMap((path): Component[] => {
    const locked = packages[path]!;
    const name = nameOf(path);
    const licence = locked.license ?? unnamed[name];
    const texts = licenceTexts(root, packages, path);
    if (texts.length === 0 && locked.optional && !existsSync(join(root, path))) return [];
    if (licence === undefined) faults.push(`${name} ${locked.version} names no licence.`);
    else if (!isAllowed(licence)) faults.push(`The licence of ${name} ${locked.version} is not allowed: ${licence}.`);
    if (texts.length === 0) faults.push(`${name} ${locked.version} has no file with its licence.`);
    return [{ name, version: locked.version, licence: licence ?? '', texts }];
  });
  if (faults.length > 0)
    throw new Error(`${faults.join('\n')}\nRead the licences and say in main/hosts/third-party what they are.`);
  return components;
}

/** Returns the name of the package in a folder of node_modules. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function licenceTexts(root: string, packages: LockedPackages, path: string): string[] {
  const own = textsIn(join(root, path));
  if (own.length > 0) return own;
  const name = nameOf(path);
  const stated = statedElsewhere[name];
  if (stated && stated.licence === packages[path]!.license)
    return stated.texts.map((text) => standardText(root, text, stated.copyright));
  // The part of a package for one system comes from the same sources as the package.
  const whole = Object.keys(packages).find((other) => packages[other]!.optionalDependencies?.[name] !== undefined);
  return whole !== undefined && packages[whole]!.license === packages[path]!.license ? textsIn(join(root, whole)) : [];
}

/** Returns the licences and notices in the folder of a package. */
function textsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[sc]e|copying|notice)/i.test(entry.name))
    .map((entry) => entry.name)
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}
