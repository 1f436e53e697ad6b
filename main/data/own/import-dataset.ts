import { constants, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { createFolder } from '../../storage/create-folder.ts';
import { checkFileName } from '../../storage/file-name.ts';
import { systemCode, toStorageError } from '../../storage/storage-error.ts';
import { temporaryPath } from '../../storage/temporary-names.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { ownDatasetsFolder } from '../data-dir.ts';
import { requireDataReach } from '../data-reach.ts';
import type { DatasetDefinition } from '../dataset.ts';
import { datasetRegistry } from '../datasets/index.ts';
import { isLitter, unreadableName, walkData } from '../datasets/data-entries.ts';
import { LeftOut } from '../datasets/left-out.ts';
import { isPictureName } from '../datasets/picture-folders.ts';
import { importOptions, type ImportOptions } from '../import-options.ts';
import { describeOwnDataset } from './own-datasets.ts';
import { pictureTables, takePictures } from './tables/take-pictures.ts';
import { isTableName, takeTables } from './tables/take-tables.ts';
import { numbered } from '../../../shared/format.ts';

/** Options of an import, and where it reports. */
interface ImportContext {
  readonly dataDir: string;
  readonly signal: AbortSignal;
  /** How far a phase ("Copying") is; a total of 0 is one that is not known. */
  readonly progress?: (phase: string, done: number, total: number) => void;
}

/** A folder, or a file with a table or arrays, to take in as a dataset. */
export interface ImportRequest {
  name: string;
  folder: string;
  /** Its files are the program's own and may be moved; else they are copied. */
  isOwn: boolean;
  /** How arrays and tables are taken in; as usual unless given. */
  options?: ImportOptions;
}

/** A file to import: its path, and its path relative to what was given. */
interface Incoming {
  source: string;
  parts: readonly string[];
}

/** Folders of GTSRB's archives, of torchvision and of BackdoorBench that hold a half. */
const treeRoot = /^(Final_Training|Final_Test|Training|Train|Test)$/;

/** Most that a folder may hold; beyond that it is taken for a whole disk. */
const mostFiles = 500_000;
const mostEntries = 2 * mostFiles;
const mostLevels = 32;

/**
 * Takes in what lies in a folder as the dataset `name`: pictures in a folder for each class, perhaps below `train` and
 * `test`, the files of the known dataset of that name, or arrays and tables (npz, npy, CSV, Parquet). Links are followed, and what they lead to is copied. Returns
 * the name and a sentence about what was left out; nothing is kept of what is refused.
 * @throws CupbearerError `not-found` if there is no such folder, `usage` for a name that cannot be one, `conflict` for
 *   one that is taken, `bad-data` if the files are no dataset or too many, `storage`, `cancelled`.
 */
export async function importDataset(
  { name, folder, isOwn, options = importOptions.parse({}) }: ImportRequest,
  context: ImportContext,
): Promise<{ name: string; leftOut: string | undefined }> {
  if (!existsSync(folder)) throw new CupbearerError('not-found', `There is no folder "${folder}".`);
  const leftOut = new LeftOut();
  const files = await filesIn(folder, leftOut, context);
  if (files.length === 0) throw new CupbearerError('bad-data', `Expected 1 to ${mostFiles} files, found 0.`);
  const known = datasetRegistry.definitions.find(({ id, title }) =>
    [id, title].some((other) => other.toLowerCase() === name.trim().toLowerCase()),
  );
  const taken = known
    ? await takeKnown(known, files, isOwn, context)
    : await takeOwn(name.trim(), files, { isOwn, options }, leftOut, context);
  return { name: taken, leftOut: leftOut.sentence(folder) };
}

async function filesIn(folder: string, leftOut: LeftOut, { signal, progress }: ImportContext): Promise<Incoming[]> {
  const files: Incoming[] = [];
  if (isTableName(folder) && statSync(folder).isFile()) {
    requireDataReach(folder);
    return [{ source: folder, parts: [basename(folder)] }];
  }
  for await (const { path, parts, entries } of walkData(folder, { signal, mostEntries, mostLevels })) {
    for (const { name, kind } of entries) {
      const inside = [...parts, name];
      if (kind === 'file') files.push({ source: join(path, name), parts: inside });
      else if (kind === 'name') throw unreadableName(path, name);
      else if (kind === 'link') leftOut.add(kind, inside.join('/'));
    }
    if (files.length > mostFiles) {
      throw new CupbearerError('bad-data', `Expected 1 to ${mostFiles} files, found more.`);
    }
    progress?.('Looking', files.length, 0);
  }
  return files;
}

/** The files of a dataset with its own readers, stored where these look. */
async function takeKnown(
  definition: DatasetDefinition,
  files: readonly Incoming[],
  isOwn: boolean,
  context: ImportContext,
): Promise<string> {
  const { id, title } = definition;
  if (!('folder' in definition.params.shape) || id === 'image-folder') {
    throw new CupbearerError('conflict', `"${id}" is built in and takes no files.`, { hint: 'Choose another name.' });
  }
  const { dataDir, signal } = context;
  const target = join(dataDir, id);
  // Readers of single files find them by name alone; GTSRB comes as a tree below a folder of its publishers' naming.
  const placed = files.map((file) => {
    const isOfTree = /\.(ppm|csv)$/i.test(file.parts.at(-1)!);
    const start = isOfTree ? file.parts.findIndex((part) => treeRoot.test(part)) : -1;
    return { ...file, parts: start === -1 ? file.parts.slice(-1) : file.parts.slice(start) };
  });
  await inPlace(dataDir, placed, isOwn, context, async (folder) => {
    for (const train of [true, false]) {
      const params = definition.params.parse({ folder, train });
      const progress = (done: number, total: number) => context.progress?.('Checking', done, total);
      await definition.load(params as never, { dataDir, seed: 0, signal, progress });
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

async function takeOwn(
  name: string,
  files: readonly Incoming[],
  { isOwn, options }: { isOwn: boolean; options: ImportOptions },
  leftOut: LeftOut,
  context: ImportContext,
): Promise<string> {
  checkFileName(name, 'Name of the dataset');
  if (isLitter(name))
    throw new CupbearerError('usage', 'Name of the dataset: expected one that does not begin with a dot.');
  const isPicture = ({ parts }: Incoming) => isPictureName(parts.at(-1)!);
  const pictures = withoutCommonFolder(files.filter(isPicture));
  const tables = pictures.length > 0 ? [] : files.filter(({ parts }) => isTableName(parts.at(-1)!));
  const isTaken = ({ parts }: Incoming) =>
    isPictureName(parts.at(-1)!) || tables.some((table) => table.parts === parts);
  for (const file of files) if (!isTaken(file)) leftOut.add('format', file.parts.join('/'));
  const base = ownDatasetsFolder(context.dataDir);
  const target = join(base, name);
  const checkFree = () => {
    if (existsSync(target))
      throw new CupbearerError('conflict', `There is a dataset "${name}" already.`, { hint: 'Choose another name.' });
  };
  const checkClasses = async (folder: string) => {
    context.progress?.('Checking', 0, 0);
    const { classes } = await describeOwnDataset(name, folder, context.signal);
    if (classes.length < 2) {
      throw new CupbearerError('bad-data', `Expected at least two classes, found one: "${classes.join('')}".`);
    }
  };
  if (tables.length > 0) {
    checkFree();
    await inPlace(base, [], isOwn, context, async (folder) => {
      const withPictures = await pictureTables(tables);
      if (withPictures.length > 0) await takePictures(withPictures, folder, options, context);
      else await takeTables(tables, folder, options, context);
      await checkClasses(folder);
      checkFree();
      return target;
    });
    return name;
  }
  if (pictures.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `Expected PNG, JPEG, PPM, PGM or PBM files in a folder for each class, found none among ${numbered(files.length, 'file')}.`,
      {
        hint: 'Arrays (npz, npy) and tables (CSV, Parquet) can be imported, too. To import the files of a known dataset (mnist, cifar10, …), give its name.',
      },
    );
  }
  const stray = pictures.find(({ parts }) => !isPlaced(parts));
  if (stray) {
    throw new CupbearerError(
      'bad-data',
      `Expected a folder for each class, perhaps in folders train and test, found "${stray.parts.join('/')}".`,
    );
  }
  await inPlace(base, pictures, isOwn, context, async (folder) => {
    await checkClasses(folder);
    checkFree();
    return target;
  });
  return name;
}

/** "cats/1.png" or "train/cats/1.png", perhaps with folders in that of the class. */
function isPlaced(parts: readonly string[]): boolean {
  return parts.length > (parts[0] === 'train' || parts[0] === 'test' ? 2 : 1);
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
 * Brings files into a temporary folder inside `base`, has them looked at, and only then gives them the name that
 * `accept` returns. Whatever fails leaves nothing behind.
 */
async function inPlace(
  base: string,
  files: readonly Incoming[],
  isOwn: boolean,
  { signal, progress }: ImportContext,
  accept: (folder: string) => Promise<string>,
): Promise<void> {
  const folder = temporaryPath(join(base, 'import'));
  createFolder(folder);
  try {
    const folders = new Set(files.map(({ parts }) => dirname(join(folder, ...parts))));
    for (const inside of folders) createFolder(inside);
    for (const [done, { source, parts }] of files.entries()) {
      checkNotCancelled(signal, 'The import');
      await (isOwn ? move : copy)(source, join(folder, ...parts));
      progress?.(isOwn ? 'Moving' : 'Copying', done + 1, files.length);
    }
    const target = await accept(folder);
    checkNotCancelled(signal, 'The import');
    renameSync(folder, target);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw toStorageError(error, `import into "${basename(base)}"`);
  }
}

function copy(source: string, target: string): Promise<void> {
  return copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

/** Two files of one name, which a copy would refuse, must not become one. */
async function move(source: string, target: string): Promise<void> {
  if (existsSync(target)) return copy(source, target);
  try {
    await rename(source, target);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    await copy(source, target);
  }
}
