import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { discard } from './atomic-write.ts';
import { bytesOf, elementTypeOf } from './element-type.ts';
import { formatBytes } from './foreign-weights.ts';
import { headerBytes, parseSafetensorsDirectory, parseSafetensorsMetadata, safetensorsHeader } from './safetensors.ts';
import { withStorageErrors } from './storage-error.ts';
import { temporaryPath } from './temporary-names.ts';
import { openToRead } from './within-folder.ts';

/** A matrix `[rows, width]` that is written and read in blocks of `blockRows` rows, the last one perhaps smaller. */
export interface KeptShape {
  rows: number;
  width: number;
  blockRows: number;
  type: 'float32' | 'int32';
}

/** The rows of a block, row-major. */
export type KeptBlock = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

const elements = { float32: elementTypeOf(new Float32Array()), int32: elementTypeOf(new Int32Array()) };
const hashBytes = 32;

/**
 * What such a file begins with. It is a safetensors file with the matrix, `values`, and an SHA-256 for each block, `hashes`, which
 * covers the key and the number of the block besides its bytes: one that lies in another's place is found out, too.
 */
function headerOf(key: string, { rows, width, blockRows, type }: KeptShape): Uint8Array {
  const blocks = Math.ceil(rows / blockRows);
  return safetensorsHeader(
    [
      { name: 'values', shape: [rows, width], type: elements[type], length: rows * width * elements[type].bytes },
      { name: 'hashes', shape: [blocks, hashBytes], type: elementTypeOf(new Uint8Array()), length: blocks * hashBytes },
    ],
    { key },
  );
}

function hashOf(key: string, block: number, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${key}:${block}:`).update(bytes).digest();
}

/** Reads a matrix block by block. Close it. */
export class KeptReader {
  readonly #file: number;
  readonly #path: string;
  readonly #key: string;
  readonly #shape: KeptShape;
  readonly #start: number;
  readonly #hashes: Uint8Array;

  /**
   * Opens the file at `path`.
   * @throws CupbearerError `not-found`; `storage`; `bad-data` if it does not hold the matrix `key` of that shape.
   */
  constructor(path: string, key: string, shape: KeptShape) {
    this.#path = path;
    this.#key = key;
    this.#shape = shape;
    this.#file = openToRead(path);
    try {
      const { size } = withStorageErrors(`read "${path}"`, () => fstatSync(this.#file));
      const header = this.#bytes(0, Math.min(size, headerBytes(this.#bytes(0, Math.min(size, formatBytes)), path)));
      const arrays = parseSafetensorsDirectory(header, path, size);
      if (
        parseSafetensorsMetadata(header, path)['key'] !== key ||
        !headerOf(key, shape).every((b, i) => b === header[i])
      )
        throw new CupbearerError('bad-data', `"${path}" does not hold the matrix that it is named for.`);
      const [values, hashes] = [arrays.get('values')!, arrays.get('hashes')!];
      this.#start = values.start;
      this.#hashes = this.#bytes(hashes.start, hashes.length);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Returns a block. @throws CupbearerError `bad-data` if its bytes are not those that were written; `storage`. */
  read(block: number): KeptBlock {
    const { rows, width, blockRows, type } = this.#shape;
    const rowBytes = width * elements[type].bytes;
    const from = block * blockRows;
    const bytes = this.#bytes(this.#start + from * rowBytes, (Math.min(rows, from + blockRows) - from) * rowBytes);
    const expected = this.#hashes.subarray(block * hashBytes, (block + 1) * hashBytes);
    if (!hashOf(this.#key, block, bytes).equals(expected))
      throw new CupbearerError('bad-data', `"${this.#path}": block ${block} is damaged.`);
    return type === 'float32' ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer);
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(start: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    withStorageErrors(`read "${this.#path}"`, () => {
      for (let done = 0, read; done < length; done += read) {
        read = readSync(this.#file, bytes, done, length - done, start + done);
        if (read === 0) throw new CupbearerError('bad-data', `"${this.#path}" ends too early.`);
      }
    });
    return bytes;
  }
}

/** Writes a matrix block by block to a file that gets its name when all of it is there. Finish or discard it. */
export class KeptWriter {
  /** The temporary file. */
  readonly temporaryPath: string;
  readonly path: string;
  readonly #file: number;
  readonly #key: string;
  readonly #shape: KeptShape;
  readonly #hashes: Buffer[] = [];
  #at: number;
  #isOpen = true;

  /**
   * Creates the temporary file in the size that it will have, so that it counts towards the space in use. @throws
   * CupbearerError `storage`.
   */
  constructor(path: string, key: string, shape: KeptShape) {
    this.path = path;
    this.temporaryPath = temporaryPath(path);
    this.#key = key;
    this.#shape = shape;
    const header = headerOf(key, shape);
    this.#at = header.length;
    this.#file = withStorageErrors(`write "${path}"`, () => openSync(this.temporaryPath, 'wx', 0o600));
    this.#orDiscard(() => {
      ftruncateSync(this.#file, keptBytes(key, shape));
      this.#write(header, 0);
    });
  }

  /** Writes the next block. @throws CupbearerError `storage` if the disk is full; the file is discarded then. */
  append(block: Float32Array | Int32Array): void {
    const bytes = bytesOf(block);
    this.#hashes.push(hashOf(this.#key, this.#hashes.length, bytes));
    this.#orDiscard(() => this.#write(bytes, this.#at));
    this.#at += bytes.length;
  }

  /**
   * Gives the file its name. What a power failure makes of it is found out by its hashes. @throws CupbearerError `internal` if
   * rows are missing, `storage`; the file is discarded then.
   */
  finish(): void {
    this.#orDiscard(() => {
      if (this.#at + this.#hashes.length * hashBytes !== keptBytes(this.#key, this.#shape))
        throw new CupbearerError('internal', 'A matrix was finished before all of its rows were there.');
      this.#write(Buffer.concat(this.#hashes), this.#at);
      this.#close();
      renameSync(this.temporaryPath, this.path);
    });
  }

  /** Removes what was written, unless it was finished. */
  discard(): void {
    this.#close();
    discard(this.temporaryPath);
  }

  #write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done, bytes.length - done, at + done);
  }

  #orDiscard(action: () => void): void {
    try {
      withStorageErrors(`write "${this.path}"`, action);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }
}

/** How large the file of a matrix is, bytes. */
export function keptBytes(key: string, shape: KeptShape): number {
  const { rows, width, blockRows, type } = shape;
  const values = rows * width * elements[type].bytes;
  return headerOf(key, shape).length + values + Math.ceil(rows / blockRows) * hashBytes;
}
