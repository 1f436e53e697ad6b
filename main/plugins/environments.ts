import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import type { PythonEnvironment } from '../../shared/domain/plugin.ts';
import { given } from '../../shared/given.ts';
import type { PluginManifest } from '../../shared/plugin/manifest.ts';
import { commandText, shellOf } from '../../shared/shell.ts';
import { isInside } from '../storage/real-path.ts';
import { readTextFile } from '../storage/read-file.ts';

/** The oldest Python that the runner of plugins works with. */
const oldestPython = '3.10';
/** More interpreters than these are not looked at, nor for longer. */
const mostInterpreters = 40;
const lookMs = 10_000;
const atOnce = 4;

/** A Python that was found. */
interface Interpreter {
  python: string;
  title: string;
}

/** What a plugin needs of its environment, and where it is. */
export interface PythonNeeds extends Pick<PluginManifest, 'python' | 'packages'> {
  /** The plugin's folder. What lies in it is never run before the plugin may. */
  folder: string;
}

/** Returns the Pythons that a plugin could run in, those in its own folder first. Runs none that lie in that. */
export async function findEnvironments(needs: PythonNeeds): Promise<PythonEnvironment[]> {
  const found = interpreters(needs.folder).slice(0, mostInterpreters);
  const looked: (PythonEnvironment | undefined)[] = [];
  for (let start = 0; start < found.length; start += atOnce)
    looked.push(...(await Promise.all(found.slice(start, start + atOnce).map((each) => lookAt(each, needs)))));
  return looked.filter((each) => each !== undefined);
}

/** Returns what is known of the Python that a plugin runs in; with the problem that it is gone, if it is. */
export async function environmentOf(python: string, needs: PythonNeeds): Promise<PythonEnvironment> {
  const title = interpreters(needs.folder).find((each) => each.python === python)?.title ?? python;
  const known = existsSync(python) ? await lookAt({ python, title }, needs) : undefined;
  return known ?? { python, title, version: '', missing: [], problem: 'It is not there any more. Choose another one.' };
}

/** Places of interpreters by the kinds of environments that there are, each once. */
function interpreters(folder: string): Interpreter[] {
  const home = homedir();
  const { PYTHON: named, VIRTUAL_ENV: active, CONDA_PREFIX: conda, PATH: path = '' } = process.env;
  const found: Interpreter[] = [];
  const add = (python: string | undefined, title: string) => {
    if (python !== undefined && existsSync(python) && !found.some((other) => other.python === python))
      found.push({ python, title });
  };
  for (const name of ['.venv', 'venv', 'env']) add(pythonIn(join(folder, name)), `${name} of the plugin`);
  if (named !== undefined && named.includes('/')) add(named, basename(dirname(dirname(named))));
  if (active) add(pythonIn(active), `venv: ${basename(active)}`);
  if (conda) add(pythonIn(conda), `conda: ${basename(conda)}`);
  for (const place of condaEnvironments(home)) add(pythonIn(place), `conda: ${basename(place)}`);
  for (const place of foldersIn(join(home, '.virtualenvs'))) add(pythonIn(place), `venv: ${basename(place)}`);
  for (const place of foldersIn(join(home, '.pyenv', 'versions'))) add(pythonIn(place), `pyenv: ${basename(place)}`);
  const uv =
    process.platform === 'win32' ? join(home, 'AppData', 'Roaming', 'uv') : join(home, '.local', 'share', 'uv');
  for (const place of foldersIn(join(uv, 'python'))) add(pythonIn(place), `uv: ${basename(place)}`);
  const names = process.platform === 'win32' ? ['python.exe'] : ['python3', 'python'];
  const places = path.split(delimiter).filter((place) => place !== '' && !isInside(folder, place));
  const onPath = names.flatMap((name) => places.map((place) => join(place, name)));
  add(
    onPath.find((place) => existsSync(place)),
    'system',
  );
  return found;
}

function pythonIn(environment: string): string | undefined {
  const places =
    process.platform === 'win32'
      ? [join(environment, 'Scripts', 'python.exe'), join(environment, 'python.exe')]
      : [join(environment, 'bin', 'python'), join(environment, 'bin', 'python3')];
  return places.find((place) => existsSync(place));
}

function condaEnvironments(home: string): string[] {
  const bases = ['miniconda3', 'anaconda3', 'miniforge3', 'mambaforge', 'micromamba'].map((name) => join(home, name));
  const list = join(home, '.conda', 'environments.txt');
  const listed = existsSync(list) ? textOf(list).split(/\r?\n/) : [];
  const below = [...bases, '/opt/conda', '/opt/miniconda3'].flatMap((base) => [base, ...foldersIn(join(base, 'envs'))]);
  return [...listed.map((line) => line.trim()).filter((line) => line !== ''), ...below];
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path, 1_000_000);
  } catch {
    return '';
  }
}

const report = z.object({
  version: z.string().max(100),
  numpy: z.string().max(100).nullable(),
  missing: z.array(z.string()).max(50),
});
type Report = z.infer<typeof report>;

/** Says what an interpreter has, without importing any of it. */
const script = `
import json, sys
from importlib.metadata import PackageNotFoundError, version
def known(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
print(json.dumps({
    "version": ".".join(map(str, sys.version_info[:3])),
    "numpy": known("numpy"),
    "missing": [name for name in sys.argv[1:] if known(name) is None],
}))
`;

/** Undefined for what does not answer as a Python does. */
async function lookAt(found: Interpreter, needs: PythonNeeds): Promise<PythonEnvironment | undefined> {
  const names = (needs.packages ?? []).map((name) => /^[A-Za-z0-9._-]+/.exec(name)![0]);
  const { python } = found;
  const known = isInside(needs.folder, dirname(python)) ? readVenv(python, names) : await run(python, names);
  if (!known) return undefined;
  const { version, numpy, missing } = known;
  const problem = problemOf(python, known, needs.python ?? oldestPython);
  return { ...found, version, missing, ...given({ numpy: numpy ?? undefined, problem }) };
}

function run(python: string, names: readonly string[]): Promise<Report | undefined> {
  const { PYTHONPATH: _, PYTHONHOME: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      python,
      ['-c', script, ...names],
      { env, cwd: dirname(python), timeout: lookMs, maxBuffer: 100_000, windowsHide: true },
      (error, output) => resolve(error ? undefined : parsed(output)),
    );
  });
}

function parsed(output: string): Report | undefined {
  try {
    return report.safeParse(JSON.parse(output)).data;
  } catch {
    return undefined;
  }
}

/** The same of a virtual environment, read off its files. */
function readVenv(python: string, names: readonly string[]): Report | undefined {
  const environment = dirname(dirname(python));
  const version = /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)/m.exec(textOf(join(environment, 'pyvenv.cfg')))?.[1];
  if (version === undefined) return undefined;
  const libraries =
    process.platform === 'win32'
      ? join(environment, 'Lib', 'site-packages')
      : join(environment, 'lib', `python${version.split('.').slice(0, 2).join('.')}`, 'site-packages');
  const installed = new Map(
    foldersIn(libraries).flatMap((path) => {
      const [, name, release] = /^(.+?)-([^-]+)\.dist-info$/.exec(basename(path)) ?? [];
      return name === undefined ? [] : [[canonical(name), release!] as const];
    }),
  );
  return {
    version,
    numpy: installed.get('numpy') ?? null,
    missing: names.filter((name) => !installed.has(canonical(name))),
  };
}

const canonical = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-');

function problemOf(python: string, { version, numpy }: Report, oldest: string): string | undefined {
  if (isOlder(version, oldest)) return `Python ${version} is too old: ${oldest} or later is needed.`;
  if (numpy !== null) return undefined;
  return `Has no numpy. To install it: ${commandText([python, '-m', 'pip', 'install', 'numpy'], shellOf(process.platform))}`;
}

function isOlder(version: string, oldest: string): boolean {
  const [a, b] = [version, oldest].map((text) => text.split('.').map(Number)) as [number[], number[]];
  return a[0]! < b[0]! || (a[0] === b[0] && a[1]! < b[1]!);
}
