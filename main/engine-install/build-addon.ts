import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { createFolder } from '../storage/create-folder.ts';
import { runProgram } from './run-program.ts';

/** A TensorFlow with its C interface: what an addon is compiled against. */
export interface NativeLibrary {
  /** Folder of the library's files. */
  folder: string;
  /** Names of the files to link with. */
  files: string[];
  /** Folder of the headers: holds "tensorflow/c/c_api.h". */
  headers: string;
}

const libraryName = /^libtensorflow(_cc|_framework)?(\.so\.2|\.2\.dylib)$/;

/**
 * The TensorFlow in `folder`: a release of the C library ("lib" and "include"), or the folder of the Python package, or the one
 * above it. @throws CupbearerError `not-found` saying what is missing.
 */
export function findLibrary(folder: string): NativeLibrary {
  const places = [folder, join(folder, 'lib'), join(folder, 'tensorflow')].filter(existsSync);
  const place = places.find((candidate) => filesIn(candidate).length >= 2);
  if (place === undefined)
    throw new CupbearerError('not-found', `There is no TensorFlow library in "${folder}".`, {
      hint: 'Expected libtensorflow_cc and libtensorflow_framework (the folder of the Python package), or libtensorflow and libtensorflow_framework in "lib" (a release of the C library).',
    });
  const headers = [join(place, 'include'), join(place, '..', 'include')].find((candidate) =>
    existsSync(join(candidate, 'tensorflow', 'c', 'eager', 'c_api.h')),
  );
  if (headers === undefined)
    throw new CupbearerError(
      'not-found',
      `The TensorFlow in "${place}" has no headers (include/tensorflow/c/eager/c_api.h).`,
      {
        hint: 'A release of the C library has them in "include", the Python package in "tensorflow/include".',
      },
    );
  return { folder: place, files: filesIn(place), headers };
}

function filesIn(folder: string): string[] {
  const found = readdirSync(folder).filter((name) => libraryName.test(name));
  // A release of the C library beside the C++ one would define everything twice.
  return found.some((name) => name.includes('_cc')) ? found.filter((name) => !/^libtensorflow\./.test(name)) : found;
}

/** The C++ compiler: the one in `CXX`, or the system's. */
function compiler(): string {
  return process.env['CXX'] || 'c++';
}

/** Asked before anything large is fetched. @throws CupbearerError `engine` where there is no C++ compiler. */
export async function checkCompiler(): Promise<void> {
  if (!(await runProgram(compiler(), ['--version'])).isThere) throw noCompiler(compiler());
}

/**
 * Compiles the npm package's addon against `library` into `addon`. `searchPath` is where the addon looks for the library;
 * "$ORIGIN" (on a Mac "@loader_path") stands for its own folder.
 * @throws CupbearerError `engine` where it cannot be compiled, `cancelled`.
 */
export async function buildAddon(
  packageFolder: string,
  library: NativeLibrary,
  addon: string,
  searchPath: string,
  signal?: AbortSignal,
): Promise<void> {
  createFolder(dirname(addon));
  const nodeHeaders = join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
  const binding = join(packageFolder, 'binding');
  const isMac = process.platform === 'darwin';
  // prettier-ignore
  const args = [
    '-std=c++17', '-O2', '-fPIC', '-w', ...(isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    '-I', nodeHeaders, '-I', library.headers, '-I', binding,
    join(binding, 'tfjs_backend.cc'), join(binding, 'tfjs_binding.cc'),
    ...library.files.map((name) => join(library.folder, name)),
    `-Wl,-rpath,${searchPath}`, '-o', addon,
  ];
  const { code, output } = await runProgram(compiler(), args, { signal });
  if (code === 0) return;
  throw new CupbearerError('engine', `The addon could not be compiled: ${compiler()} ended with code ${code}.`, {
    hint: `It said: ${output.split('\n').find((line) => /error/i.test(line)) ?? output.slice(0, 300)}`,
    details: { output: output.slice(-4000) },
  });
}

function noCompiler(command: string): CupbearerError {
  const ways: Partial<Record<NodeJS.Platform, string>> = {
    linux: 'Install one, for example with "apt install g++" (Debian, Ubuntu) or "dnf install gcc-c++" (Fedora).',
    darwin: 'Install the command line tools: "xcode-select --install".',
  };
  return new CupbearerError('engine', `There is no C++ compiler "${command}", which the addon has to be built with.`, {
    hint: ways[process.platform] ?? 'Install one, or name yours in CXX.',
  });
}
