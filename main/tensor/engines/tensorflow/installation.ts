import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../../../shared/errors.ts';
import { cupbearerHome } from '../../../storage/home.ts';
import { exposedFolder } from '../../../storage/private-folder.mjs';
import { readJsonFile } from '../../../storage/read-file.ts';

/** The npm package that this engine is made of. */
export const packageName = '@tensorflow/tfjs-node-gpu';

/** The id of the TensorFlow that the npm package itself fetched, as against those in the program's own folder. */
export const bundledId = 'bundled';

/** `install.json`: what an installation in the program's own folder is made of. */
const installationRecordSchema = z.object({
  format: z.literal(1),
  /** Version of the TensorFlow library. */
  tensorflow: z.string(),
  /** What it was built for: the CPU alone, or NVIDIA GPUs too. */
  variant: z.enum(['cpu', 'gpu']),
  /** A wheel's file name or a folder. */
  source: z.string(),
  /** Folder of the library where it was taken from elsewhere; left out where it lies in the installation. */
  libraryFolder: z.string().exactOptional(),
  /** Version of the npm package. */
  package: z.string(),
  installedAt: z.iso.datetime(),
});
export type InstallationRecord = z.infer<typeof installationRecordSchema>;

/** Where the parts of the engine are. */
export interface Installation {
  id: string;
  /** Folder of the npm package. */
  packageFolder: string;
  /** The native addon, which finds the TensorFlow library by itself. */
  addon: string;
  /** Left out for the bundled one. */
  record?: InstallationRecord;
}

const installHint = 'Run "npx cupbearer engine install tensorflow", or "npx cupbearer engine use bundled".';

/** The folder of all installations of TensorFlow; it need not exist. */
export function installationsFolder(home: string = cupbearerHome()): string {
  return join(home, 'engines', 'tensorflow');
}

/** `active.json`: says which installation is used. Without it, it is the bundled one. */
export function selectionPath(home: string = cupbearerHome()): string {
  return join(installationsFolder(home), 'active.json');
}

const selectionSchema = z.object({ use: z.string().regex(/^[\w.+-]+$/) });

/** The id of the installation that was chosen last. @throws CupbearerError `bad-data`, `storage`. */
export function selectedId(home: string = cupbearerHome()): string {
  const path = selectionPath(home);
  if (!existsSync(path)) return bundledId;
  return parse(selectionSchema, path).use;
}

function parse<T>(schema: z.ZodType<T>, path: string): T {
  const result = schema.safeParse(readJsonFile(path));
  if (result.success) return result.data;
  throw new CupbearerError('bad-data', `"${path}" is damaged: ${z.prettifyError(result.error)}.`, {
    hint: installHint,
  });
}

/** The installation in `folder`. @throws CupbearerError `engine` if a part of it is gone, `bad-data`, `storage`. */
export function installationIn(folder: string): Installation {
  const id = folder.split(/[\\/]/).at(-1);
  const recordPath = join(folder, 'install.json');
  const addon = join(folder, 'addon', 'tfjs_binding.node');
  const packageFolder = join(folder, 'package');
  for (const part of [recordPath, addon, join(packageFolder, 'package.json')])
    if (!existsSync(part)) throw gone(id, part);
  const record = parse(installationRecordSchema, recordPath);
  const library = record.libraryFolder ?? join(folder, 'tensorflow');
  if (!existsSync(library)) throw gone(id, library);
  return { id, packageFolder, addon, record };
}

function gone(id: string, path: string): CupbearerError {
  return new CupbearerError(
    'engine',
    `The TensorFlow that was installed as "${id}" is no longer whole: there is no "${path}".`,
    {
      hint: installHint,
    },
  );
}

/** The folder of the npm package among our dependencies, or undefined where npm left the optional one out. */
export function dependencyFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  } catch {
    return undefined;
  }
}

/** The TensorFlow that the npm package's own install script fetched. @throws CupbearerError `engine` if it did not. */
export function bundledInstallation(packageFolder: string | undefined = dependencyFolder()): Installation {
  // The package's addon is built for Node-API 8 and works on every later one.
  const addon = packageFolder && join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node');
  if (addon && existsSync(addon)) return { id: bundledId, packageFolder, addon };
  throw new CupbearerError('engine', 'No TensorFlow is installed.', {
    hint: 'Run "npx cupbearer engine install tensorflow", which fetches one for the GPU or CPU of this machine; docs/engines.md says more.',
  });
}

/** Ids of the installations in the program's own folder, those with missing parts too; sorted. */
export function installedIds(home: string = cupbearerHome()): string[] {
  const folder = installationsFolder(home);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** Throws where another user could put code of theirs into an installation. @throws CupbearerError `engine`. */
export function checkUnexposed(folder: string): void {
  const exposed = exposedFolder(folder);
  if (exposed === undefined) return;
  throw new CupbearerError(
    'engine',
    `No TensorFlow is loaded from "${exposed}": other users can write to that folder.`,
    {
      hint: 'Make it yours alone (chown, chmod go-w), or set CUPBEARER_HOME to a folder that is.',
    },
  );
}

/**
 * The installation to use: the folder in `CUPBEARER_TENSORFLOW` if set, else the one that was chosen last, else the
 * bundled.
 * @throws CupbearerError `engine` if it is not (or no longer wholly) there or another user can change it, `bad-data`,
 * `storage`.
 */
export function activeInstallation(): Installation {
  const folder = process.env['CUPBEARER_TENSORFLOW'];
  if (folder) return installationIn(resolve(folder));
  const id = selectedId();
  if (id === bundledId) return bundledInstallation();
  const installation = installationIn(join(installationsFolder(), id));
  checkUnexposed(dirname(installation.addon));
  return installation;
}
