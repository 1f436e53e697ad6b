import { existsSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { LockedPackages } from './npm-packages.ts';

/** The list of packages in the built pages, which the build writes; a path from the root of the project. */
export const bundledPackagesFile = join('dist', 'bundled-packages.json');

/** Development packages that are shipped although no page contains them: the kernels' library, and Electron. */
const alwaysIn = ['node_modules/assemblyscript', 'node_modules/electron'];

/** Returns the folders of the packages, from `root`, that modules of a bundle come from. */
export function packagesOfModules(root: string, modules: readonly string[], packages: LockedPackages): string[] {
  const paths = modules
    .filter((id) => id.includes('/node_modules/') && !id.startsWith('\0'))
    .map((id) => folderOf(relative(root, id).split(sep).join('/'), packages));
  return [...new Set(paths)].sort();
}

/** Returns the paths of development packages that are part of the program. @throws Error before the first build. */
export function bundledPackages(root: string): string[] {
  const file = join(root, bundledPackagesFile);
  if (!existsSync(file)) throw new Error(`"${file}" is not there. npm run build makes it.`);
  const bundled = JSON.parse(readFileSync(file, 'utf8')) as string[];
  return [...bundled, ...alwaysIn];
}

/** Returns the longest beginning of a module's path that is a package. */
function folderOf(module: string, packages: LockedPackages): string {
  const folder = Object.keys(packages)
    .filter((path) => module.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (folder === undefined) throw new Error(`"${module}" belongs to no package in package-lock.json.`);
  return folder;
}
