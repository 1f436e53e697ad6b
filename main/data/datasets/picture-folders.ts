import { existsSync, opendirSync, type Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { toStorageError, withStorageErrors } from '../../storage/storage-error.ts';
import { RandomStream } from '../../tensor/random.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { PictureFile } from '../pictures/decode-pictures.ts';
import { FolderTrail, isLitter, kindOfEntry, unreadableName, walkData } from './data-entries.ts';
import { LeftOut } from './left-out.ts';
import { numbered } from '../../../shared/format.ts';
import { foldCase } from '../name-forms.ts';

const pictureName = /\.(png|jpe?g|p[pgbn]m)$/i;

/** Most classes: labels have 16 bits. */
const mostClasses = 2 ** 16;
/** Most pictures of a half. */
const mostPictures = 2_000_000;
/** Most entries looked at in a folder of classes, so that a folder of downloads is refused quickly. */
const mostBesideClasses = 2 * mostClasses;
/** Most folders inside one another. */
const mostLevels = 32;

/** Where the pictures are, and which of them to use. */
interface PictureHalf {
  folder: string;
  train: boolean;
  test_fraction: number;
  folder_seed: number;
}

/** A class and the folder with its pictures. */
interface ClassFolder {
  /** In Unicode's composed form (NFC), whatever form the file system keeps. */
  name: string;
  path: string;
}

/** Whether the name is that of a picture file. */
export function isPictureName(name: string): boolean {
  return pictureName.test(name);
}

/**
 * Returns the pictures of one half, the names of the classes, and a sentence about what is left out.
 * @throws CupbearerError `not-found` if there is no such folder, `bad-data` if it has no pictures or too many, a class
 *   has none, or links lead in a circle, `storage`, `cancelled`.
 */
export async function findPictures(
  { folder, train, test_fraction, folder_seed }: PictureHalf,
  signal?: AbortSignal,
): Promise<{ files: PictureFile[]; classes: string[]; leftOut: string | undefined }> {
  const hasHalves = givesHalves(folder);
  const classes = classFolders(folder);
  const half = hasHalves ? join(folder, train ? 'train' : 'test') : folder;
  const leftOut = new LeftOut();
  const folders = hasHalves && !train ? testFolders(half, classes) : classes.map(({ path }) => path);
  if (hasHalves) await noteBesideHalves(folder, leftOut, signal);
  await noteBesideClasses(half, folders, hasHalves && !train, leftOut, signal);
  const files: PictureFile[] = [];
  const without: string[] = [];
  for (const [label, { name, path: trained }] of classes.entries()) {
    const path = folders[label];
    const all = path === undefined ? [] : await picturesIn(path, half, mostPictures - files.length, leftOut, signal);
    const testCount = hasHalves ? 0 : Math.round(test_fraction * all.length);
    const order = RandomStream.from(folder_seed, 'image-folder', basename(trained)).permutation(all.length);
    const chosen = hasHalves ? order : train ? order.subarray(testCount) : order.subarray(0, testCount);
    if (chosen.length === 0) without.push(name);
    for (const k of chosen.slice().sort()) files.push({ path: all[k]!, label });
  }
  const names = classes.map(({ name }) => name);
  if (train && files.length > 0 && without[0] !== undefined) throw withoutPictures(without[0], folder);
  if (files.length > 0) return { files, classes: names, leftOut: leftOut.sentence(folder) };
  throw new CupbearerError(
    'bad-data',
    `Expected folders with PNG, JPEG, PPM, PGM or PBM files in ${half}, one for each class, found ${numbered(classes.length, 'folder')} with none of the ${train ? 'training' : 'test'} half.`,
  );
}

function withoutPictures(name: string, folder: string): CupbearerError {
  return new CupbearerError('bad-data', `${folder}: the class "${name}" has no picture in the training half.`, {
    hint: 'Lower the parameter test_fraction, add pictures, or remove the folder of the class.',
  });
}

/** Returns whether the folder has the halves as folders `train` and `test`. */
export function givesHalves(folder: string): boolean {
  return existsSync(join(folder, 'train')) && existsSync(join(folder, 'test'));
}

/**
 * Returns the names of the classes in the order of {@link classFolders}.
 * @throws CupbearerError as {@link classFolders}.
 */
export function classesIn(folder: string): string[] {
  return classFolders(folder).map(({ name }) => name);
}

/**
 * Returns the folders of the classes: those with a picture at any depth, in the order of their names by code points, as
 * torchvision's ImageFolder numbers them. The training half decides which there are, so that both halves number them
 * alike. Looks into each folder until a picture is found.
 * @throws CupbearerError `not-found` if there is no such folder, `bad-data` if it holds no classes or too many, or if
 *   what it holds would be taken for classes by mistake.
 */
export function classFolders(folder: string): ClassFolder[] {
  if (!existsSync(folder)) {
    throw new CupbearerError('not-found', `There is no folder "${folder}" of pictures.`, {
      hint: 'Look whether it was moved or renamed, or its disk taken away.',
    });
  }
  const holder = givesHalves(folder) ? join(folder, 'train') : folder;
  const found = withStorageErrors(`read the folder "${holder}"`, () => foldersIn(holder));
  const classes = found.map((name) => ({ name: name.normalize('NFC'), path: join(holder, name) }));
  if (classes.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `Expected folders with PNG, JPEG, PPM, PGM or PBM files in ${folder}, one for each class, found 0 folders with any.`,
    );
  }
  checkClasses(classes, holder);
  return classes;
}

/** Names of folders that hold halves of a dataset. */
const halfName = /^(train|training|test|testing|val|valid|validation|dev)$/i;

function checkClasses(classes: readonly ClassFolder[], holder: string): void {
  const names = classes.map(({ name }) => name);
  if (names.every((name) => halfName.test(name))) {
    throw new CupbearerError(
      'bad-data',
      `${holder}: expected folders train and test, or a folder for each class, found ${names.join(', ')}.`,
      { hint: 'Rename the halves to train and test, or name the folder of one half.' },
    );
  }
  const repeated = names.find((name, k) => names.indexOf(name) < k);
  if (repeated !== undefined) {
    throw new CupbearerError(
      'bad-data',
      `${holder}: two folders have the name "${repeated}", written with different Unicode characters.`,
      { hint: 'Rename one of them, or put their pictures together.' },
    );
  }
  const [only, ...others] = classes;
  if (others.length > 0 || holdsPicture(only!.path)) return;
  const inside = foldersIn(only!.path);
  if (inside.length < 2) return;
  throw new CupbearerError(
    'bad-data',
    `${holder}: expected a folder for each class, found "${only!.name}" alone, with the folders ${inside.slice(0, 5).join(', ')} inside.`,
    { hint: `If these are the classes, name ${only!.path} instead.` },
  );
}

/** Whether a picture lies directly in a folder. */
function holdsPicture(path: string): boolean {
  for (const entry of entriesOf(path, new EntryCount(mostPictures)))
    if (isShown(entry) && isPictureName(entry.name) && kindOfEntry(path, entry) === 'file') return true;
  return false;
}

/** The names of the folders in `path` that hold pictures, by code points. */
function foldersIn(path: string): string[] {
  const trail = FolderTrail.at(path);
  const names: string[] = [];
  const inside = new EntryCount(mostPictures);
  for (const entry of entriesOf(path, new EntryCount(mostBesideClasses))) {
    if (!isShown(entry)) continue;
    const kind = kindOfEntry(path, entry);
    if (kind === 'name' && !entry.isFile()) throw unreadableName(path, entry.name);
    if (kind !== 'folder' || !hasPictures(join(path, entry.name), trail, entry, inside)) continue;
    names.push(entry.name);
    if (names.length > mostClasses) throw tooMany(path, `${mostClasses} classes`);
  }
  return names.sort(byCodePoints);
}

/** Whether a folder has a picture at any depth. */
function hasPictures(path: string, outer: FolderTrail, self: Dirent, seen: EntryCount): boolean {
  const trail = outer.enter(path, self);
  const inside: Dirent[] = [];
  for (const entry of entriesOf(path, seen)) {
    if (!isShown(entry)) continue;
    const kind = kindOfEntry(path, entry);
    if (kind === 'file' && isPictureName(entry.name)) return true;
    if (kind === 'folder') inside.push(entry);
  }
  return inside.some((entry) => hasPictures(join(path, entry.name), trail, entry, seen));
}

/** Counts entries of one or several folders. */
class EntryCount {
  readonly #most: number;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws CupbearerError `bad-data` if there are too many. */
  add(path: string): void {
    if (++this.#count > this.#most) throw tooMany(path, `${this.#most} files and folders`);
  }
}

/** The entries of a folder, one by one. */
function* entriesOf(path: string, seen: EntryCount): Generator<Dirent> {
  const folder = opendirSync(path);
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      seen.add(path);
      yield entry;
    }
  } finally {
    folder.closeSync();
  }
}

/** By Unicode's code points, as Python sorts; JavaScript would put what lies beyond U+FFFF (emoji) before U+E000. */
function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let k = 0; k < Math.min(left.length, right.length); k++) {
    const difference = left[k]!.codePointAt(0)! - right[k]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * The folder of each class in the test half; undefined if it has none. Names need not be written alike: file systems
 * and archives change the form of accents, and people change capitals.
 * @throws CupbearerError `bad-data` if two folders could be meant.
 */
function testFolders(half: string, classes: readonly ClassFolder[]): (string | undefined)[] {
  const names = withStorageErrors(`read the folder "${half}"`, () => foldersIn(half));
  const byForm = nameForms.map((form) => ({ form, found: Map.groupBy(names, form) }));
  const trained = new Set(classes.map(({ path }) => basename(path)));
  const taken = new Map<string, string>();
  return classes.map(({ name, path }) => {
    const own = basename(path);
    for (const { form, found } of byForm) {
      // A folder that another class has by its very name is not this one's.
      const meant = (found.get(form(own)) ?? []).filter((other) => other === own || !trained.has(other));
      const [first] = meant;
      if (first === undefined) continue;
      const other = taken.get(first);
      if (meant.length > 1 || other !== undefined) {
        throw new CupbearerError(
          'bad-data',
          other === undefined
            ? `${half}: several folders could be the class "${name}" of the training half: ${meant.join(', ')}.`
            : `${half}: the folder "${first}" could be the class "${other}" or "${name}" of the training half.`,
          { hint: 'Name the folders as in the training half.' },
        );
      }
      taken.set(first, name);
      return join(half, first);
    }
    return undefined;
  });
}

const composed = (text: string) => text.normalize('NFC');
/** What counts when names are compared: all of it, all but the form of accents, and neither that nor capitals. */
const nameForms = [(text: string) => text, composed, foldCase];

/** Notes what lies beside the folders train and test, such as a third half. */
async function noteBesideHalves(folder: string, leftOut: LeftOut, signal: AbortSignal | undefined): Promise<void> {
  for (const { name } of await readFolder(folder, mostBesideClasses, signal))
    if (name !== 'train' && name !== 'test') leftOut.add('beside', name);
}

/** Notes what in a half is no folder of a class. */
async function noteBesideClasses(
  half: string,
  folders: readonly (string | undefined)[],
  isTest: boolean,
  leftOut: LeftOut,
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = new Set(folders);
  const trail = FolderTrail.at(half);
  for (const entry of await readFolder(half, mostBesideClasses, signal)) {
    const kind = kindOfEntry(half, entry);
    const path = join(half, entry.name);
    if (kind === 'file') leftOut.add(isPictureName(entry.name) ? 'classless' : 'format', entry.name);
    else if (kind === 'link' || kind === 'name') leftOut.add(kind, entry.name);
    else if (kind === 'folder' && !known.has(path)) {
      const isClass = isTest && hasPictures(path, trail, entry, new EntryCount(mostPictures));
      leftOut.add(isClass ? 'unknown' : 'empty', entry.name);
    }
  }
}

/**
 * Paths of the pictures in a folder and the folders inside it, sorted. `half` is the folder that names are shown below.
 */
async function picturesIn(
  path: string,
  half: string,
  most: number,
  leftOut: LeftOut,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const pictures: string[] = [];
  for await (const { path: inner, entries } of walkData(path, { signal, mostEntries: mostPictures, mostLevels })) {
    for (const { name, kind } of entries) {
      const place = join(inner, name);
      if (kind === 'link' || kind === 'name') leftOut.add(kind, relative(half, place));
      else if (kind === 'file' && isPictureName(name)) pictures.push(place);
      else if (kind === 'file' || kind === 'other') leftOut.add('format', relative(half, place));
      if (pictures.length > most) throw tooMany(path, `${mostPictures} pictures`);
    }
  }
  return pictures.sort();
}

/** The entries of a folder that are not hidden, by name. */
async function readFolder(path: string, most: number, signal: AbortSignal | undefined): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  const seen = new EntryCount(most);
  try {
    for await (const entry of await opendir(path, { bufferSize: 256 })) {
      checkNotCancelled(signal, `Looking into ${path}`);
      seen.add(path);
      if (isShown(entry)) entries.push(entry);
    }
  } catch (error) {
    throw toStorageError(error, `read the folder "${path}"`);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Hidden files and folders are not part of a dataset. */
function isShown({ name }: Dirent): boolean {
  return !isLitter(name);
}

function tooMany(path: string, most: string): CupbearerError {
  return new CupbearerError('bad-data', `${path}: expected at most ${most}, found more.`);
}
