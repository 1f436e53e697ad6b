import { registerHooks, type ResolveFnOutput } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Packages of which there must be one only, as objects of them pass between plugin and program. */
const ownPackages = ['zod', '@tensorflow/tfjs-core'];

/** A package that a plugin imports and that is not there. */
export class MissingPackage extends Error {
  readonly missing: string;
  /** The module that imports it. */
  readonly importer: string;

  constructor(missing: string, importer: string) {
    super(`The package "${missing}" is not installed`);
    this.missing = missing;
    this.importer = importer;
  }
}

/**
 * Decides what the modules in `content` import: `cupbearer/plugin` from the program, packages from the `node_modules` of the
 * author's `folder`, which is not part of what was copied. Node strips their types.
 */
export function resolvePluginModules(content: string, folder: string): void {
  const inside = pathToFileURL(content + sep).href;
  const authors = pathToFileURL(join(folder, 'package.json')).href;
  const surface = new URL('./index.ts', import.meta.url).href;

  registerHooks({
    resolve(specifier, context, next) {
      // Node changes the context when it is handed on.
      const importer = context.parentURL ?? '';
      const isPlugins = importer.startsWith(inside);
      if (specifier === 'cupbearer/plugin') return { url: surface, shortCircuit: true };
      if (!isPlugins) return next(specifier, context);
      if (isRelative(specifier)) return asModule(next(specifier, context), inside);
      if (specifier.startsWith('node:')) return next(specifier, context);
      if (ownPackages.includes(specifier)) return next(specifier, { ...context, parentURL: import.meta.url });
      try {
        return next(specifier, { ...context, parentURL: authors });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        throw new MissingPackage(packageOf(specifier), fileURLToPath(importer));
      }
    },
  });
}

function isRelative(specifier: string): boolean {
  return /^(\.{0,2}\/|file:)/.test(specifier);
}

/** A folder without a package.json does not say what kind of modules it has, and Node would try one after the other. */
function asModule(found: ResolveFnOutput, inside: string): ResolveFnOutput {
  if (!found.url.startsWith(inside)) return found;
  if (/\.m?ts$/.test(found.url)) return { ...found, format: 'module-typescript' };
  return /\.m?js$/.test(found.url) ? { ...found, format: 'module' } : found;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

/** `@scope/name/part` is of the package `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
