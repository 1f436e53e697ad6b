import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { cupbearerHome } from './home.ts';
import { createPrivateFolder } from './private-files.ts';
import { withStorageErrors } from './storage-error.ts';
import { temporaryPath } from './temporary-names.ts';
import { openToRead, pathOf, type Place } from './within-folder.ts';

/** Bytes read at a time when all are wanted. */
const blockBytes = 2 ** 20;

/** Closes files that are no longer referenced. */
const unused = new FinalizationRegistry<number>(closeSync);

/** What other threads of this process read the same bytes by, as long as the one that opened the file keeps it. */
export interface BytePlace {
  readonly descriptor: number;
  /** Where in the file they begin, and how many there are. */
  readonly start: number;
  readonly length: number;
  /** The file, or the folder of one without a name, for errors. */
  readonly path: string;
}

/** Bytes that are too many for memory, in a file; the system keeps in memory what it has room for. */
export class ByteFile {
  readonly #descriptor: number;
  readonly #start: number;
  readonly #path: string;
  #length: number;

  private constructor({ descriptor, start, length, path }: BytePlace) {
    this.#descriptor = descriptor;
    this.#start = start;
    this.#path = path;
    this.#length = length;
  }

  /**
   * An empty one of the program's own. It has no name, so that it goes with the process however that ends. @throws
   * CupbearerError `storage`.
   */
  static create(folder = join(cupbearerHome(), 'decoded')): ByteFile {
    createPrivateFolder(folder);
    const path = temporaryPath(join(folder, 'bytes'));
    return withStorageErrors(`write "${path}"`, () => {
      const file = ByteFile.#owning({ descriptor: openSync(path, 'wx+', 0o600), start: 0, length: 0, path: folder });
      rmSync(path);
      return file;
    });
  }

  /** A part of a file, for reading. @throws CupbearerError `not-found`, `storage`, `bad-data` as {@link openToRead}. */
  static part(place: Place, start: number, length: number): ByteFile {
    return ByteFile.#owning({ descriptor: openToRead(place), start, length, path: pathOf(place) });
  }

  /** What another thread has, for reading as long as that one keeps it. */
  static shared(place: BytePlace): ByteFile {
    return new ByteFile(place);
  }

  static #owning(place: BytePlace): ByteFile {
    const file = new ByteFile(place);
    unused.register(file, place.descriptor);
    return file;
  }

  get place(): BytePlace {
    return { descriptor: this.#descriptor, start: this.#start, length: this.#length, path: this.#path };
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes the whole file has now. @throws CupbearerError `storage`. */
  get held(): number {
    return withStorageErrors(`read "${this.#path}"`, () => fstatSync(this.#descriptor).size);
  }

  /** Adds bytes to the end. @throws CupbearerError `storage` if the disk is full. */
  append(bytes: Uint8Array): void {
    withStorageErrors(`write to "${this.#path}"`, () => {
      const at = this.#start + this.#length;
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, at + done);
    });
    this.#length += bytes.length;
  }

  /** Returns the rows of `size` bytes at `indices`, one after another. @throws CupbearerError `storage`. */
  rows(indices: ArrayLike<number>, size: number): Uint8Array<ArrayBuffer> {
    const rows = new Uint8Array(indices.length * size);
    let start = 0;
    while (start < indices.length) {
      // Neighbours come with one read.
      let end = start + 1;
      while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++;
      this.readInto(rows.subarray(start * size, end * size), indices[start]! * size);
      start = end;
    }
    return rows;
  }

  /** All bytes in their order, a part at a time, each valid until the next. @throws CupbearerError `storage`. */
  *blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(Math.min(blockBytes, this.#length));
    for (let at = 0; at < this.#length; at += block.length) {
      const part = block.subarray(0, Math.min(block.length, this.#length - at));
      this.readInto(part, at);
      yield part;
    }
  }

  /** Fills `into` from byte `at` on. @throws CupbearerError `storage`. */
  readInto(into: Uint8Array, at: number): void {
    withStorageErrors(`read "${this.#path}"`, () => {
      for (let done = 0, read; done < into.length; done += read) {
        read = readSync(this.#descriptor, into, done, into.length - done, this.#start + at + done);
        if (read === 0) throw new CupbearerError('internal', `What lies in "${this.#path}" ends too early.`);
      }
    });
  }
}
