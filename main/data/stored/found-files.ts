import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { withStorageErrors } from '../../storage/storage-error.ts';
import { WatchedFile } from '../../storage/watched-file.ts';
import { within } from '../../storage/within-folder.ts';
import { requireDataReach } from '../data-reach.ts';
import { contractFile, readContract, type ActivationsContract } from './contract.ts';
import { npyArray, placeOf, refuse, safetensorsArrays, type FoundArray } from './found-array.ts';
import type { RecordSource } from './metadata-records.ts';
import { MetadataTable } from './metadata-table.ts';
import { npzArrays } from './npz.ts';
import { readParquet } from './parquet.ts';
import { naturally } from './natural-order.ts';
import { checkShards, indexFile, readShardIndex } from './shard-index.ts';
import type { Lengths } from './stored-layers.ts';
import { isRequest, requestLayers } from './vllm.ts';

/** What files hold, before it is checked that it fits together. */
export interface FoundFiles {
  readonly arrays: readonly FoundArray[];
  /** Tokens per sample where no tensor says so. */
  readonly lengths?: Lengths | undefined;
  readonly contract?: ActivationsContract | undefined;
  readonly metadata?: MetadataTable | undefined;
  /** Of requests that are a file each: the files' names without extension. */
  readonly names?: readonly string[] | undefined;
  readonly leftOut: readonly { name: string; reason: string }[];
}

/** What one file holds. */
interface FileContent {
  readonly arrays: readonly FoundArray[];
  readonly lengths?: Lengths | undefined;
  readonly others?: RecordSource | undefined;
}

/** Most files of a set. */
const mostFiles = 100_000;

/** Files that lie with activations and hold none. */
const besides = /^(metadata|reference|labels?|(trusted|untrusted|test)_labels)\./i;
const metadataNames = ['metadata.jsonl', 'metadata.ndjson', 'metadata.csv', 'metadata.parquet'];

const readers: Record<string, (file: WatchedFile) => FileContent | Promise<FileContent>> = {
  '.safetensors': (file) => ({ arrays: safetensorsArrays(file) }),
  '.npy': (file) => ({ arrays: [npyArray(file, basename(file.path, extname(file.path)))] }),
  '.npz': async (file) => ({ arrays: await npzArrays(file) }),
  '.parquet': (file) => readParquet(file),
};

/** What people have instead, and what to do about it. */
const foreign: Record<string, string> = {
  '.pt': 'It is a pickle, which could run anything: save the tensors with safetensors.torch.save_file.',
  '.pth': 'It is a pickle, which could run anything: save the tensors with safetensors.torch.save_file.',
  '.bin': 'It may be a pickle, which could run anything: save the tensors with safetensors.torch.save_file.',
  '.pkl': 'It is a pickle, which could run anything: save the arrays with numpy.save.',
  '.h5': 'HDF5 is not read: save the arrays with numpy.save.',
  '.zst': 'It is packed: unpack it with zstd -d.',
};

/**
 * Resolves with what lies in a folder, in a file, or in files given as `layer=file`. @throws CupbearerError `not-found`;
 * `bad-data` naming the file; `storage`; `usage` for what cannot be named so.
 */
export async function findFiles(items: readonly string[]): Promise<FoundFiles> {
  if (items.length === 0) throw new CupbearerError('usage', 'Expected a folder, a file or layer=file, found nothing.');
  if (items.length === 1 && isFolder(items[0]!)) return inFolder(resolve(items[0]!));
  const contents: FileContent[] = [];
  for (const item of items) {
    const at = item.indexOf('=');
    const [layer, path] = at === -1 || kindOf(item) ? [undefined, item] : [item.slice(0, at), item.slice(at + 1)];
    if (layer === '' || path === '') throw new CupbearerError('usage', `"${item}": expected a file, or layer=file.`);
    if (isFolder(path)) throw new CupbearerError('usage', `"${path}": expected a file, found a folder.`);
    requireDataReach(path);
    if (!existsSync(path)) throw new CupbearerError('not-found', `There is no file or folder "${path}".`);
    const file = new WatchedFile(resolve(path));
    const content = await contentOf(file);
    contents.push(
      layer === undefined ? content : { ...content, arrays: namedArrays(content.arrays, layer, file.path) },
    );
  }
  return joined(contents, []);
}

/** The arrays that `layer=file` means: the one of that name, or the only one, with what says how long its sequences are. */
function namedArrays(arrays: readonly FoundArray[], layer: string, path: string): FoundArray[] {
  const isLength = ({ name }: FoundArray) => name === 'lengths' || name === 'offsets';
  if (layer === 'lengths' || layer === 'offsets') {
    const [only, ...more] = arrays;
    if (only && more.length === 0) return [{ ...only, name: layer }];
  }
  const candidates = arrays.filter((array) => !isLength(array));
  const found = candidates.find(({ name }) => name === layer) ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (found) return [{ ...found, name: layer }, ...arrays.filter(isLength)];
  const names = arrays.map(({ name }) => `"${name}"`).join(', ');
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected one array, or one called "${layer}", found ${names === '' ? 'none' : names}.`,
  );
}

async function inFolder(folder: string): Promise<FoundFiles> {
  requireDataReach(folder);
  const names = withStorageErrors(`read the folder "${folder}"`, () => readdirSync(folder))
    .filter((name) => !name.startsWith('.'))
    .sort(naturally);
  if (names.length > mostFiles)
    throw new CupbearerError('bad-data', `"${folder}": expected at most ${mostFiles} files, found ${names.length}.`);
  const contract = readContract(within(folder, contractFile));
  const leftOut = names.flatMap((name) => {
    const reason = foreign[extname(name).toLowerCase()];
    return reason === undefined ? [] : [{ name, reason }];
  });
  const index = names.find((name) => indexFile.test(name));
  const shards = index === undefined ? undefined : readShardIndex(within(folder, index));
  const inIndex = new Set(shards?.files);
  const read = names.filter(
    (name) => readers[extname(name).toLowerCase()] && !besides.test(name) && !inIndex.has(name),
  );
  const files = [...(shards?.files ?? []), ...read];
  if (files.length === 0) {
    const [other] = leftOut;
    throw new CupbearerError(
      'bad-data',
      `"${folder}": expected files of activations (${Object.keys(readers).join(', ')}), found ${other ? `"${other.name}"` : 'none'}.`,
      { hint: other?.reason },
    );
  }
  const contents = new Map<string, FileContent>();
  for (const name of files) contents.set(name, await contentOf(new WatchedFile(within(folder, name))));
  if (shards) checkShards(shards, new Map(shards.files.map((name) => [name, contents.get(name)!.arrays])));
  else checkNumbered(folder, files);
  const found = joined([...contents.values()], leftOut, shards !== undefined);
  const metadata = await folderMetadata(folder, names);
  return { ...found, contract, metadata: metadata ?? found.metadata };
}

const numbered = /^(.*)-(\d+)-of-(\d+)\.safetensors$/;

/** All files of a numbered row must be there: an export that was interrupted lacks some. */
function checkNumbered(folder: string, files: readonly string[]): void {
  for (const file of files) {
    const match = numbered.exec(file);
    if (!match) continue;
    const [, stem, digits, total] = match;
    for (let i = 1; i <= Math.min(Number(total), mostFiles); i++) {
      const name = `${stem}-${String(i).padStart(digits!.length, '0')}-of-${total}.safetensors`;
      if (!files.includes(name))
        throw new CupbearerError(
          'bad-data',
          `"${folder}": expected ${Number(total)} files like "${file}", found no "${name}".`,
        );
    }
    return;
  }
}

function joined(
  contents: readonly FileContent[],
  leftOut: readonly { name: string; reason: string }[],
  isIndexed = false,
): FoundFiles {
  const [first] = contents;
  if (contents.length > 0 && contents.every(({ arrays }) => isRequest(arrays))) {
    const names = contents.map(({ arrays }) => basename(arrays[0]!.file.path, extname(arrays[0]!.file.path)));
    return { ...requestLayers(contents.map(({ arrays }) => arrays)), names, leftOut };
  }
  const arrays = contents.flatMap((content) => content.arrays);
  if (!isIndexed) checkRepeated(arrays);
  const source = contents.find(({ others }) => others)?.others;
  const lengths = contents.find((content) => content.lengths)?.lengths ?? first?.lengths;
  return { arrays, lengths, metadata: source && new MetadataTable(source), leftOut };
}

/** An array of one name in two files is either a part of it or another one: only numbered files say which. */
function checkRepeated(arrays: readonly FoundArray[]): void {
  const seen = new Map<string, FoundArray>();
  for (const array of arrays) {
    const other = seen.get(array.name);
    if (other && !(numbered.test(other.file.path) && numbered.test(array.file.path)))
      refuse(array, `a name of its own`, `that of ${placeOf(other)}`, 'Give the files as layer=file.');
    seen.set(array.name, array);
  }
}

async function folderMetadata(folder: string, names: readonly string[]): Promise<MetadataTable | undefined> {
  const [name, other] = names.filter((found) => metadataNames.includes(found.toLowerCase()));
  if (name === undefined) return undefined;
  if (other !== undefined)
    throw new CupbearerError('bad-data', `"${folder}": expected one file of metadata, found "${name}" and "${other}".`);
  return openMetadata(within(folder, name));
}

/** Opens a table of metadata: CSV, JSON lines or Parquet. @throws CupbearerError `bad-data`, `not-found`, `storage`. */
export async function openMetadata(place: ConstructorParameters<typeof WatchedFile>[0]): Promise<MetadataTable> {
  const file = new WatchedFile(place);
  requireDataReach(file.path);
  if (extname(file.path).toLowerCase() !== '.parquet') return MetadataTable.open(file.place);
  const { others } = await readParquet(file);
  if (others) return new MetadataTable(others);
  throw new CupbearerError('bad-data', `"${file.path}": expected columns of metadata, found none.`);
}

async function contentOf(file: WatchedFile): Promise<FileContent> {
  const extension = extname(file.path).toLowerCase();
  const read = readers[extension];
  if (read) return read(file);
  throw new CupbearerError(
    'bad-data',
    `"${file.path}": expected a file of activations (${Object.keys(readers).join(', ')}), found another kind.`,
    { hint: foreign[extension] },
  );
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = withStorageErrors(`find "${path}"`, () => statSync(path, { throwIfNoEntry: false }));
  return found && (found.isDirectory() ? 'folder' : 'file');
}

function isFolder(path: string): boolean {
  return kindOf(path) === 'folder';
}
