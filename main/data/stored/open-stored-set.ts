import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';
import { contractFile, type ActivationsContract } from './contract.ts';
import { findFiles, openMetadata, type FoundFiles } from './found-files.ts';
import { layersOf, type StoredLayers } from './stored-layers.ts';
import type { MetadataTable } from './metadata-table.ts';
import type { StoredSet } from './stored-set.ts';
import { ThreadedRows } from './threaded-rows.ts';

const blockBytes = 2 ** 20;

/**
 * Opens activations that lie in a folder, in a file, or in several files as `layer=file`. Of what is not in an
 * archive, nothing but descriptions is read. `metadata` names a table that lies elsewhere. A process that opens a set again and
 * again closes each.
 * @throws CupbearerError `not-found`; `bad-data` naming the file and the array that do not fit; `storage`; `usage` for what cannot
 *   be named so.
 */
export async function openStoredSet(
  given: string | readonly string[],
  options: { metadata?: string | undefined } = {},
): Promise<StoredSet> {
  const items = typeof given === 'string' ? [given] : given;
  const path = items.join(',');
  const found = await findFiles(items);
  const layers = layersOf(found.arrays, path, paddingOf(found.contract), found.lengths);
  const table = options.metadata === undefined ? found.metadata : await openMetadata(resolve(options.metadata));
  const metadata = found.names ? table?.inOrderOf(found.names) : table;
  checkCount(layers.length, found.contract?.samples, `${contractFile} says`, path);
  checkCount(layers.length, metadata?.length, `"${metadata?.path}" has rows for`, path);
  return storedSet(path, found, layers, metadata);
}

/** On which side sequences are filled up to the same length; chosen positions are no whole sequences. */
function paddingOf(contract: ActivationsContract | undefined): 'left' | 'right' | undefined {
  if (Array.isArray(contract?.positions)) return undefined;
  return contract?.preprocessing?.['padding_side'] === 'left' ? 'left' : 'right';
}

function checkCount(found: number, expected: number | undefined, what: string, path: string): void {
  if (expected === undefined || expected === found) return;
  throw new CupbearerError('bad-data', `"${path}": expected ${expected} samples, which ${what}, found ${found}.`);
}

function storedSet(
  path: string,
  { arrays, contract, names, leftOut }: FoundFiles,
  layers: StoredLayers,
  metadata: MetadataTable | undefined,
): StoredSet {
  const files = [...new Set([...arrays.map(({ file }) => file), ...(metadata ? [metadata.file] : [])])];
  // What was unpacked lies in files that are gone when nothing refers to them any more.
  const held = arrays.map((array) => array.held);
  const rows = new ThreadedRows(layers.rows);
  return {
    path,
    length: layers.length,
    layers: layers.layers,
    lengths: layers.lengths,
    contract,
    metadata,
    names,
    leftOut: [...leftOut, ...layers.leftOut],
    fingerprint: (signal) => fingerprintOf(files, signal),
    read: (layer, indices) => rows.read(layer, indices),
    close() {
      rows.close();
      for (const file of files) file.close();
      held.length = 0;
    },
  };
}

async function fingerprintOf(files: readonly WatchedFile[], signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const block = new Uint8Array(blockBytes);
  for (const file of files) {
    // Boundaries count: files of other lengths are other files.
    hash.update(`${file.size}:`);
    for (let at = 0; at < file.size; at += block.length) {
      if (signal?.aborted) throw new CupbearerError('cancelled', 'Cancelled.');
      const part = block.subarray(0, Math.min(block.length, file.size - at));
      file.readInto(part, at);
      hash.update(part);
      if ((at / block.length) % turnBlocks === turnBlocks - 1) await new Promise((done) => setImmediate(done));
    }
  }
  return hash.digest('hex');
}

/** Blocks after which messages, such as one that cancels, are handled. */
const turnBlocks = 16;
