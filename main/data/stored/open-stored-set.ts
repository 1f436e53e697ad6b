import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import { toStorageError, withStorageErrors } from '../../storage/storage-error.ts';
import { WatchedFile } from '../../storage/watched-file.ts';
import { within } from '../../storage/within-folder.ts';
import { requireDataReach } from '../data-reach.ts';
import { contractFile, readContract, type ActivationsContract } from './contract.ts';
import { npyArray, safetensorsArrays, type FoundArray } from './found-array.ts';
import { layersOf, type StoredLayers } from './stored-layers.ts';
import { RowReader } from './stored-rows.ts';
import type { StoredSet } from './stored-set.ts';
import { isRequest, requestLayers } from './vllm.ts';

/** What is read from a set of files. */
interface Found {
  readonly arrays: readonly FoundArray[];
  readonly contract?: ActivationsContract | undefined;
}

/** Most files of a set. */
const mostFiles = 100_000;

/** Files that lie with activations and hold none. */
const besides = /^(metadata|reference|labels?|trusted_labels|test_labels|untrusted_labels)\./;

/**
 * Opens activations that lie in a folder, in a file, or in several files as `layer=file`. Nothing but descriptions is read.
 * @throws CupbearerError `not-found`; `bad-data` naming the file and the array that do not fit; `storage`; `usage` for what cannot
 *   be named so.
 */
export async function openStoredSet(given: string | readonly string[]): Promise<StoredSet> {
  const items = typeof given === 'string' ? [given] : given;
  const path = items.join(',');
  const found = await findArrays(items);
  const requests = requestsOf(found.arrays);
  const padding = found.contract?.preprocessing?.['padding_side'] === 'left' ? 'left' : 'right';
  const layers = requests
    ? layersOf(requests.arrays, path, padding, requests.lengths)
    : layersOf(found.arrays, path, padding);
  if (found.contract && found.contract.samples !== layers.length) {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected ${found.contract.samples} samples, which ${contractFile} says, found ${layers.length}.`,
    );
  }
  return storedSet(path, found, layers);
}

function storedSet(path: string, found: Found, layers: StoredLayers): StoredSet {
  const files = [...new Set(found.arrays.map(({ file }) => file))];
  const reader = new RowReader(layers.rows);
  return {
    path,
    length: layers.length,
    layers: layers.layers,
    lengths: layers.lengths,
    contract: found.contract,
    leftOut: layers.leftOut,
    async fingerprint(signal) {
      const hash = createHash('sha256');
      for (const file of files) {
        hash.update(`${file.size}:`);
        for (let at = 0; at < file.size; at += blockBytes) {
          if (signal?.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
          hash.update(file.read(at, Math.min(blockBytes, file.size - at)));
        }
      }
      return hash.digest('hex');
    },
    async read(layer, indices) {
      return reader.read(layer, indices);
    },
    close() {
      reader.close();
      for (const file of files) file.close();
    },
  };
}

const blockBytes = 2 ** 20;

/** The arrays of requests as vLLM writes them, if that is what these are. */
function requestsOf(arrays: readonly FoundArray[]): ReturnType<typeof requestLayers> | undefined {
  const byFile = new Map<WatchedFile, FoundArray[]>();
  for (const array of arrays) byFile.set(array.file, [...(byFile.get(array.file) ?? []), array]);
  const requests = [...byFile.values()];
  return requests.length > 0 && requests.every(isRequest) ? requestLayers(requests) : undefined;
}

async function findArrays(items: readonly string[]): Promise<Found> {
  if (items.length === 1 && isFolder(items[0]!)) return inFolder(resolve(items[0]!));
  const arrays: FoundArray[] = [];
  for (const item of items) {
    const at = item.indexOf('=');
    const [layer, path] = at === -1 || exists(item) ? [undefined, item] : [item.slice(0, at), item.slice(at + 1)];
    if (layer === '' || path === '') {
      throw new CupbearerError('usage', `"${item}": expected a file, or layer=file.`);
    }
    if (isFolder(path)) throw new CupbearerError('usage', `"${path}": expected a file, found a folder.`);
    requireDataReach(path);
    const file = new WatchedFile(resolve(path));
    const found = await arraysOf(file);
    if (layer === undefined) arrays.push(...found);
    else arrays.push({ ...arrayFor(found, layer, file.path), name: layer });
  }
  return { arrays };
}

/** The array that `layer=file` means: the one of that name, or the only one. */
function arrayFor(arrays: readonly FoundArray[], layer: string, path: string): FoundArray {
  const named = arrays.find(({ name }) => name === layer);
  if (named) return named;
  const [only] = arrays;
  if (only && arrays.length === 1) return only;
  const names = arrays.map(({ name }) => `"${name}"`).join(', ');
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected one array, or one called "${layer}", found ${names || 'none'}.`,
  );
}

async function inFolder(folder: string): Promise<Found> {
  requireDataReach(folder);
  const names = withStorageErrors(`read the folder "${folder}"`, () => readdirSync(folder))
    .filter((name) => readers[extname(name).toLowerCase()] && !besides.test(name) && !name.startsWith('.'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (names.length > mostFiles)
    throw new CupbearerError('bad-data', `"${folder}": expected at most ${mostFiles} files, found ${names.length}.`);
  if (names.length === 0) {
    throw new CupbearerError(
      'bad-data',
      `"${folder}": expected files of activations (${Object.keys(readers).join(', ')}), found none.`,
    );
  }
  const arrays: FoundArray[] = [];
  for (const name of names) arrays.push(...(await arraysOf(new WatchedFile(within(folder, name)))));
  return { arrays, contract: readContract(within(folder, contractFile)) };
}

const readers: Record<string, (file: WatchedFile) => FoundArray[] | Promise<FoundArray[]>> = {
  '.safetensors': safetensorsArrays,
  '.npy': (file) => [npyArray(file, basename(file.path, extname(file.path)))],
};

async function arraysOf(file: WatchedFile): Promise<FoundArray[]> {
  const read = readers[extname(file.path).toLowerCase()];
  if (read) return read(file);
  throw new CupbearerError(
    'bad-data',
    `"${file.path}": expected a file of activations (${Object.keys(readers).join(', ')}), found another kind.`,
  );
}

function exists(path: string): boolean {
  return withStorageErrors(`find "${path}"`, () => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    throw toStorageError(error, `find "${path}"`);
  }
}
