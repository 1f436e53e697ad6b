import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { RandomAccessReader, fromRandomAccessReaderPromise, type Entry, type ZipFile } from 'yauzl';
import { CupbearerError } from '../../../shared/errors.ts';
import { numbered } from '../../../shared/format.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import { floatTypes } from '../../storage/float-types.ts';
import { npyStartBytes, parseNpyHeader } from '../../storage/npy.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';
import { refuseColumns, type FoundArray } from './found-array.ts';

/** Arrays of an archive. Beyond, its list alone would take long. */
const mostEntries = 10_000;

/** Up to so much, an archive may unpack to any size that deflate can reach; beyond, to so many times its own size. */
const freeBytes = 2 ** 26;
const usualRatio = 64;

/** Reads an archive through the file that watches for changes. */
class ArchiveReader extends RandomAccessReader {
  readonly #file: WatchedFile;

  constructor(file: WatchedFile) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const file = this.#file;
    return Readable.from(
      (function* () {
        for (let at = start; at < end; at += blockBytes) yield file.read(at, Math.min(blockBytes, end - at));
      })(),
    );
  }
}

const blockBytes = 2 ** 18;

/**
 * The arrays of a `.npz` archive, whose checksums are verified. Those that are stored are read where they are; packed ones are
 * unpacked now, into a file of the program's own. @throws CupbearerError `bad-data` for a damaged archive, names that lead out of it, one that unpacks to far more than
 *   it is, arrays of objects; `storage`.
 */
export async function npzArrays(file: WatchedFile): Promise<FoundArray[]> {
  const entries = await fromArchive(file, async (zip) => {
    if (zip.entryCount > mostEntries) {
      throw new CupbearerError(
        'bad-data',
        `"${file.path}": expected at most ${mostEntries} entries in an archive, found ${zip.entryCount}.`,
      );
    }
    const found: Entry[] = [];
    for await (const entry of zip.eachEntry()) found.push(entry);
    checkSizes(found, file);
    const arrays: FoundArray[] = [];
    const names = new Set<string>();
    for (const entry of found) {
      if (!entry.fileName.endsWith('.npy')) continue;
      const name = entry.fileName.slice(0, -'.npy'.length);
      if (names.has(name)) throw new Error(`"${name}" twice`);
      names.add(name);
      arrays.push(await arrayOf(zip, entry, name, file));
    }
    return arrays;
  });
  return entries;
}

async function fromArchive<T>(file: WatchedFile, read: (zip: ZipFile) => Promise<T>): Promise<T> {
  let zip: ZipFile | undefined;
  try {
    zip = await fromRandomAccessReaderPromise(new ArchiveReader(file), file.size, {
      autoClose: false,
      strictFileNames: true,
    });
    return await read(zip);
  } catch (error) {
    if (error instanceof CupbearerError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CupbearerError(
      'bad-data',
      `"${file.path}": expected an archive of NumPy (npz), found a fault (${why}).`,
      {
        cause: error,
      },
    );
  } finally {
    zip?.close();
  }
}

/** @throws CupbearerError `bad-data` if all entries together unpack to more than is usual. */
function checkSizes(entries: readonly Entry[], file: WatchedFile): void {
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  const most = Math.max(freeBytes, usualRatio * file.size);
  if (total <= most) return;
  throw new CupbearerError(
    'bad-data',
    `"${file.path}": expected at most ${numbered(most, 'byte')} unpacked from an archive of ${file.size}, found ${total} announced.`,
    { hint: 'Save it unpacked with numpy.savez, if you trust it.' },
  );
}

async function arrayOf(zip: ZipFile, entry: Entry, name: string, file: WatchedFile): Promise<FoundArray> {
  if (entry.isEncrypted()) throw new Error(`"${entry.fileName}" is encrypted`);
  if (entry.compressionMethod !== 0) return unpackedArray(zip, entry, name, file);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  if (fileDataStart + entry.uncompressedSize > file.size || entry.compressedSize !== entry.uncompressedSize)
    throw new Error(`"${entry.fileName}" ends beyond the archive`);
  const start = file.read(fileDataStart, Math.min(entry.uncompressedSize, npyStartBytes));
  const array = described(start, entry, name, file, file, fileDataStart);
  await checkStored(entry, file, fileDataStart);
  return array;
}

/** Entries that were found whole, as their file was then: drafts open the same archive again and again. */
const checked = new Set<string>();

/** Reads an entry that is not packed once, block by block. @throws Error if a byte has changed. */
async function checkStored(entry: Entry, file: WatchedFile, start: number): Promise<void> {
  const key = JSON.stringify([file.path, file.state.size, file.state.modified, start, entry.crc32]);
  if (checked.has(key)) return;
  const block = new Uint8Array(Math.min(blockBytes, entry.uncompressedSize));
  let checksum = 0;
  for (let at = 0, blocks = 1; at < entry.uncompressedSize; at += block.length, blocks++) {
    const part = block.subarray(0, Math.min(block.length, entry.uncompressedSize - at));
    file.readInto(part, start + at);
    checksum = crc32(part, checksum);
    if (blocks % turnBlocks === 0) await new Promise((done) => setImmediate(done));
  }
  requireChecksum(entry, checksum);
  if (checked.size >= mostEntries) checked.clear();
  checked.add(key);
}

/** Blocks after which messages are handled. */
const turnBlocks = 64;

function requireChecksum({ fileName, crc32: expected }: Entry, found: number): void {
  if (found === expected) return;
  throw new Error(
    `"${fileName}" does not have the checksum that the archive says: expected ${hex(expected)}, found ${hex(found)}`,
  );
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}

async function unpackedArray(zip: ZipFile, entry: Entry, name: string, file: WatchedFile): Promise<FoundArray> {
  const unpacked = ByteFile.create();
  let checksum = 0;
  const stream = await zip.openReadStreamPromise(entry);
  let start: Uint8Array = new Uint8Array();
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (start.length < npyStartBytes) {
      start = Buffer.concat([start, chunk.subarray(0, npyStartBytes - start.length)]);
      // What is no array that can be read is not unpacked to its end.
      if (start.length === npyStartBytes) described(start, entry, name, file, unpacked, 0);
    }
    checksum = crc32(chunk, checksum);
    unpacked.append(chunk);
  }
  requireChecksum(entry, checksum);
  return described(start, entry, name, file, unpacked, 0);
}

function described(
  bytes: Uint8Array,
  entry: Entry,
  name: string,
  file: WatchedFile,
  held: WatchedFile | ByteFile,
  at: number,
): FoundArray {
  const { type, isFortran, shape, end } = parseNpyHeader(
    bytes,
    entry.uncompressedSize,
    `${file.path}", "${entry.fileName}`,
    floatTypes,
  );
  const array = {
    name,
    type: type.safetensors,
    shape,
    held,
    start: at + end,
    bytes: entry.compressedSize,
    file,
  };
  if (isFortran) refuseColumns(array);
  return array;
}
