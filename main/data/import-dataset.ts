import { constants, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { checkFileName } from '../storage/file-name.ts';
import { createFolder } from '../storage/create-folder.ts';
import { toStorageError, withStorageErrors } from '../storage/storage-error.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import { ownDatasetsFolder } from './data-dir.ts';
import type { DatasetDefinition } from './dataset.ts';
import { datasetRegistry } from './datasets/index.ts';
import { describeOwnDataset } from './own-datasets.ts';

/** A file to take in: its path below whatever was given, and how it gets to where it is to be. */
interface Incoming {
  parts: string[];
  writeTo(path: string): Promise<void>;
}

/** Files that systems leave among others. */
const litter = /^(\.|__MACOSX$|thumbs\.db$|desktop\.ini$)/i;
const pictureName = /\.(png|jpe?g|ppm)$/i;
const mostFiles = 500_000;

/**
 * Takes in files under their paths ("cats/1.png", "photos/train/cats/1.png") as the dataset `name`: pictures in a folder
 * for each class, perhaps below `train` and `test`, or the files of the known dataset of that name. Gives the name.
 * @throws CupbearerError `usage` for a path that leads elsewhere or a name that cannot be one, `conflict` for a name that
 * is taken, `bad-data` where the files are none of both; nothing is kept then. `storage`.
 */
export async function importFiles(
  name: string,
  files: readonly File[],
  paths: readonly string[],
  dataDir: string,
): Promise<string> {
  if (files.length !== paths.length) {
    throw new CupbearerError('usage', `Expected a path for each of ${files.length} files, found ${paths.length}.`);
  }
  const incoming = files.map((file, i) => ({
    parts: safeParts(paths[i]!),
    writeTo: async (path: string) => writeFile(path, Buffer.from(await file.arrayBuffer()), { flag: 'wx' }),
  }));
  return take(name, incoming, dataDir);
}

/**
 * The same with what lies in a folder of this machine, which is copied; links are passed over.
 * @throws CupbearerError as {@link importFiles}; `not-found` where there is no such folder.
 */
export async function importFolder(name: string, folder: string, dataDir: string): Promise<string> {
  if (!existsSync(folder)) throw new CupbearerError('not-found', `There is no folder "${folder}".`);
  const entries = withStorageErrors(`read the folder "${folder}"`, () =>
    readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()),
  );
  const incoming = entries.map((entry) => {
    const source = join(entry.parentPath, entry.name);
    return {
      parts: relative(folder, source).split(sep),
      writeTo: (path: string) => copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
    };
  });
  return take(name, incoming, dataDir);
}

/** @throws CupbearerError `usage` where a path could leave the folder that it is to be put into. */
function safeParts(path: string): string[] {
  return path.split('/').map((part) => checkFileName(part, `The path ${JSON.stringify(path.slice(0, 200))}`));
}

async function take(name: string, all: readonly Incoming[], dataDir: string): Promise<string> {
  const files = all.filter(({ parts }) => !parts.some((part) => litter.test(part)));
  if (files.length === 0 || files.length > mostFiles) {
    throw new CupbearerError('bad-data', `Expected 1 to ${mostFiles} files, found ${files.length}.`);
  }
  const known = datasetRegistry.definitions.find(({ id, title }) =>
    [id, title].some((other) => other.toLowerCase() === name.trim().toLowerCase()),
  );
  return known ? takeKnown(known, files, dataDir) : takeOwn(name.trim(), files, dataDir);
}

/** The files of a dataset that has readers of its own, kept where these look. */
async function takeKnown(definition: DatasetDefinition, files: readonly Incoming[], dataDir: string): Promise<string> {
  const { id, title } = definition;
  if (!('folder' in definition.params.shape) || id === 'image-folder') {
    throw new CupbearerError('conflict', `"${id}" is built in and takes no files.`, { hint: 'Choose another name.' });
  }
  const target = join(dataDir, id);
  // Readers of single files find them by name alone; GTSRB comes as a tree below a folder of its publishers' naming.
  const placed = files.map((file) => {
    const start = file.parts.findIndex((part) => part === 'Final_Training' || part === 'Final_Test');
    return { ...file, parts: start === -1 ? file.parts.slice(-1) : file.parts.slice(start) };
  });
  await inPlace(dataDir, placed, async (folder) => {
    for (const train of [true, false]) {
      const params = definition.params.parse({ folder, train });
      await definition.load(params as never, { dataDir, seed: 0 });
    }
    if (existsSync(target)) {
      throw new CupbearerError('conflict', `There is ${title} already, in "${target}".`, {
        hint: 'Remove that folder first if these files are to take its place.',
      });
    }
    return target;
  });
  return id;
}

async function takeOwn(name: string, files: readonly Incoming[], dataDir: string): Promise<string> {
  checkFileName(name, 'Name of the dataset');
  if (litter.test(name))
    throw new CupbearerError('usage', 'Name of the dataset: expected one that does not begin with a dot.');
  const pictures = withoutCommonFolder(files.filter(({ parts }) => pictureName.test(parts.at(-1))));
  if (pictures.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `Expected PNG, JPEG or PPM files in a folder for each class, found none among ${files.length} files.`,
      { hint: 'To import the files of a known dataset (mnist, cifar10, …), give its name.' },
    );
  }
  const stray = pictures.find(({ parts }) => !isPlaced(parts));
  if (stray) {
    throw new CupbearerError(
      'bad-data',
      `Expected a folder for each class, perhaps in folders train and test, found "${stray.parts.join('/')}".`,
    );
  }
  const target = join(ownDatasetsFolder(dataDir), name);
  await inPlace(ownDatasetsFolder(dataDir), pictures, async (folder) => {
    const { classes } = await describeOwnDataset(name, folder);
    if (classes.length < 2) {
      throw new CupbearerError('bad-data', `Expected at least two classes, found one: "${classes.join('')}".`);
    }
    if (existsSync(target)) {
      throw new CupbearerError('conflict', `There is a dataset "${name}" already.`, { hint: 'Choose another name.' });
    }
    return target;
  });
  return name;
}

/** "cats/1.png" or "train/cats/1.png". */
function isPlaced(parts: readonly string[]): boolean {
  return parts.length === 2 || (parts.length === 3 && (parts[0] === 'train' || parts[0] === 'test'));
}

/** Takes off the folders that all lie in, as long as folders for the classes remain. */
function withoutCommonFolder(files: readonly Incoming[]): Incoming[] {
  let depth = 0;
  const isCommon = (at: number) =>
    files.every(({ parts }) => parts.length > at + 2 && parts[at] === files[0]!.parts[at]) &&
    !['train', 'test'].includes(files[0]!.parts[at]!);
  while (files.length > 0 && isCommon(depth)) depth++;
  return files.map((file) => ({ ...file, parts: file.parts.slice(depth) }));
}

/**
 * Writes files into a temporary folder inside `base`, has them looked at, and only then gives them the name that
 * `accept` returns. Whatever fails leaves nothing behind.
 */
async function inPlace(
  base: string,
  files: readonly Incoming[],
  accept: (folder: string) => Promise<string>,
): Promise<void> {
  const folder = temporaryPath(join(base, 'import'));
  createFolder(folder);
  try {
    const folders = new Set(files.map(({ parts }) => dirname(join(folder, ...parts))));
    for (const inside of folders) createFolder(inside);
    for (const file of files) await file.writeTo(join(folder, ...file.parts));
    const target = await accept(folder);
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw toStorageError(error, `import into "${basename(base)}"`);
  }
}
