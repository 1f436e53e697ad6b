import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { createFolder } from '../storage/create-folder.ts';
import { cupbearerHome } from '../storage/home.ts';
import { withStorageErrors } from '../storage/storage-error.ts';

/** Bytes that are read at once where all are wanted. */
const blockBytes = 2 ** 20;

/** Closes the files of datasets that nobody has any more. */
const unused = new FinalizationRegistry<number>(closeSync);

/**
 * Pixels that are too many for memory, in a file of the program's own. It has no name, so that it goes with the process
 * however that ends; the system keeps in memory what it has room for.
 */
export class PixelFile {
  /** What other threads of this process open it by. */
  readonly descriptor: number;
  #length = 0;

  private constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** An empty one. @throws CupbearerError `storage`. */
  static create(folder = join(cupbearerHome(), 'decoded')): PixelFile {
    createFolder(folder);
    const path = join(folder, `${randomBytes(6).toString('hex')}.pixels`);
    return withStorageErrors(`write "${path}"`, () => {
      const file = new PixelFile(openSync(path, 'wx+'));
      rmSync(path);
      unused.register(file, file.descriptor);
      return file;
    });
  }

  /** The file that another thread has, for reading as long as that one keeps it. */
  static shared(descriptor: number, length: number): PixelFile {
    const file = new PixelFile(descriptor);
    file.#length = length;
    return file;
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes to the end. @throws CupbearerError `storage` where the disk is full. */
  append(bytes: Uint8Array): void {
    withStorageErrors('write decoded pictures', () => {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, this.#length + done);
    });
    this.#length += bytes.length;
  }

  /** The rows of `size` bytes at `indices`, one behind the other. @throws CupbearerError `storage`. */
  rows(indices: ArrayLike<number>, size: number): Uint8Array {
    const rows = new Uint8Array(indices.length * size);
    let start = 0;
    while (start < indices.length) {
      // Neighbours come with one read.
      let end = start + 1;
      while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++;
      this.#read(rows.subarray(start * size, end * size), indices[start]! * size);
      start = end;
    }
    return rows;
  }

  /** All bytes in their order, a part at a time, each valid until the next. @throws CupbearerError `storage`. */
  *blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(Math.min(blockBytes, this.#length));
    for (let at = 0; at < this.#length; at += block.length) {
      const part = block.subarray(0, Math.min(block.length, this.#length - at));
      this.#read(part, at);
      yield part;
    }
  }

  #read(into: Uint8Array, at: number): void {
    withStorageErrors('read decoded pictures', () => {
      for (let done = 0, read; done < into.length; done += read) {
        read = readSync(this.descriptor, into, done, into.length - done, at + done);
        if (read === 0) throw new CupbearerError('internal', 'A file of decoded pictures ends too early.');
      }
    });
  }
}
