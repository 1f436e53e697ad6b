import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { availableMemory } from 'node:process';
import type { NamedTensor, TensorData } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { cupbearerHome } from '../storage/home.ts';
import { createScratchFolder } from '../storage/private-files.ts';
import { exposedFolder } from '../storage/private-folder.mjs';
import { toStorageError } from '../storage/storage-error.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import type { ArrayPlace } from './messages.ts';

const memoryFolder = '/dev/shm';
/** Containers often have 64 MiB there, which a few batches fill. */
const leastFreeBytes = 2 ** 30;
/** Arrays begin at multiples of this, so that any type can be mapped where it lies. */
const alignment = 64;
/** Arrays up to this size are read without a look at the memory that is free. */
const smallBytes = 2 ** 26;
/** Most bytes that one call to the system copies on every platform. */
const blockBytes = 2 ** 30;
const name = 'plugin-exchange';

const makers = {
  float32: { bytes: 4, make: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  float64: { bytes: 8, make: (buffer: ArrayBuffer) => new Float64Array(buffer) },
  int32: { bytes: 4, make: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  uint8: { bytes: 1, make: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
} satisfies Record<ArrayPlace['type'], { bytes: number; make: (buffer: ArrayBuffer) => TensorData }>;

/** The folders in which exchange folders are made, where killed processes may have left some. */
export function exchangeParents(): string[] {
  return [...(process.platform === 'linux' ? [memoryFolder] : []), join(cupbearerHome(), 'scratch')];
}

/** Creates an exchange folder for this user alone: in memory where there is room. @throws CupbearerError `storage`. */
export function createExchangeFolder(): string {
  return folderInMemory() ?? createScratchFolder(name);
}

/** Returns undefined where the system has no such place, it is small, or others could change what is in it. */
function folderInMemory(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { bavail, bsize } = statfsSync(memoryFolder);
    if (bavail * bsize < leastFreeBytes) return undefined;
    const folder = temporaryPath(join(memoryFolder, name));
    mkdirSync(folder, { mode: 0o700 });
    if (exposedFolder(folder) === undefined) return folder;
    rmSync(folder, { recursive: true });
  } catch {
    // A place that cannot be used is done without.
  }
  return undefined;
}

/** A folder of files by which two processes hand arrays to each other. Each side writes files of its own. */
export class Exchange {
  readonly folder: string;
  readonly #written = new Map<string, { descriptor: number; bytes: number }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Writes arrays into the file `file`, in place of what it held, and returns where they lie.
   * @throws CupbearerError `storage`, for example if the folder is full.
   */
  write<K extends string>(file: string, arrays: Readonly<Record<K, NamedTensor>>): Record<K, ArrayPlace> {
    const places = {} as Record<K, ArrayPlace>;
    let at = 0;
    try {
      const { descriptor } = this.#open(file, Object.values<NamedTensor>(arrays));
      for (const [key, { data, shape }] of Object.entries<NamedTensor>(arrays)) {
        writeAll(descriptor, data, at);
        places[key as K] = { file, at, type: typeOf(data), shape };
        at = aligned(at + data.byteLength);
      }
    } catch (error) {
      throw toStorageError(error, `write arrays for a plugin to "${join(this.folder, file)}"`);
    }
    return places;
  }

  /**
   * Reads an array that the other side has written.
   * @throws CupbearerError `plugin` if it does not lie in its file.
   */
  read(place: ArrayPlace): NamedTensor {
    const { file, at, type, shape } = place;
    const { bytes: width, make } = makers[type];
    const bytes = shape.reduce((product, length) => product * length, width);
    const path = join(this.folder, file);
    const refuse = (found: string) =>
      new CupbearerError(
        'plugin',
        `An array of ${type} [${shape.join(', ')}] was said to lie in the exchange file "${file}" at byte ${at}, where it takes ${bytes} bytes; ${found}.`,
      );
    let descriptor: number;
    try {
      // Neither a link to another file nor a pipe, on which opening would wait.
      if (!lstatSync(path).isFile()) throw refuse('found no file');
      descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      throw error instanceof CupbearerError ? error : refuse('the file could not be opened');
    }
    try {
      const { size } = fstatSync(descriptor);
      if (!Number.isSafeInteger(bytes) || at + bytes > size) throw refuse(`found a file of ${size} bytes`);
      // A file may have holes, which cost whoever made it nothing.
      if (bytes > smallBytes && bytes > availableMemory()) throw refuse('there is less memory than that');
      const buffer = new ArrayBuffer(bytes);
      if (!readAll(descriptor, new Uint8Array(buffer), at)) throw refuse('the file became shorter');
      return { shape: [...shape], data: make(buffer) };
    } finally {
      closeSync(descriptor);
    }
  }

  /** Closes the files; the folder stays. */
  close(): void {
    for (const { descriptor } of this.#written.values()) closeSync(descriptor);
    this.#written.clear();
  }

  /** Files grow and never shrink, as the other side may have them mapped. */
  #open(file: string, arrays: readonly NamedTensor[]) {
    const bytes = arrays.reduce((sum, { data }) => aligned(sum + data.byteLength), 0);
    const known = this.#written.get(file) ?? {
      descriptor: openSync(join(this.folder, file), 'w', 0o600),
      bytes: 0,
    };
    this.#written.set(file, known);
    if (known.bytes < bytes) {
      ftruncateSync(known.descriptor, bytes);
      known.bytes = bytes;
    }
    return known;
  }
}

function typeOf(data: TensorData): ArrayPlace['type'] {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  return data instanceof Int32Array ? 'int32' : 'uint8';
}

function aligned(at: number): number {
  return Math.ceil(at / alignment) * alignment;
}

function writeAll(descriptor: number, data: TensorData, at: number): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, Math.min(blockBytes, bytes.length - done), at + done);
}

/** Returns whether there were as many bytes as asked for. */
function readAll(descriptor: number, bytes: Uint8Array, at: number): boolean {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, Math.min(blockBytes, bytes.length - done), at + done);
    if (read === 0) return false;
    done += read;
  }
  return true;
}
