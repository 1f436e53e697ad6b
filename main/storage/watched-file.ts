import { closeSync, fstatSync, readSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { numbered } from '../../shared/format.ts';
import { toStorageError } from './storage-error.ts';
import { openToRead, pathOf, type Place } from './within-folder.ts';

/** What a file was like when it was opened first. */
export interface FileState {
  readonly place: Place;
  readonly size: number;
  /** Nanoseconds, in decimal: JSON and threads take no more than that. */
  readonly modified: string;
}

/** Most of these files that are open at the same time: a process may have a thousand in all. */
const mostOpen = 64;

/** Those that are open, the one that was used longest ago first. */
const open = new Map<WatchedFile, number>();

/**
 * A file of others that is read in parts, perhaps for hours. It is open only while it is used. A file that has changed
 * since it was opened first is refused.
 */
export class WatchedFile {
  readonly place: Place;
  #state: FileState | undefined;

  /** Nothing is opened yet. A file that another thread has looked at must still be as it was there. */
  constructor(from: Place | FileState) {
    const isState = typeof from !== 'string' && 'size' in from;
    this.place = isState ? from.place : from;
    if (isState) this.#state = from;
  }

  get path(): string {
    return pathOf(this.place);
  }

  /** What it was like when it was opened first. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
  get state(): FileState {
    if (!this.#state) this.#opened();
    return this.#state!;
  }

  /** Bytes. @throws CupbearerError as {@link state}. */
  get size(): number {
    return this.state.size;
  }

  /** Fills `into` from byte `at` of the file on. @throws CupbearerError `bad-data` if the file ends before, or has changed; `storage`. */
  readInto(into: Uint8Array, at: number): void {
    const file = this.#opened();
    try {
      for (let done = 0, read; done < into.length; done += read) {
        read = readSync(file, into, done, into.length - done, at + done);
        if (read > 0) continue;
        this.#check(file);
        throw new CupbearerError(
          'bad-data',
          `"${this.path}": expected at least ${numbered(at + into.length, 'byte')}, found ${at + done}.`,
        );
      }
      this.#check(file);
    } catch (error) {
      throw toStorageError(error, `read "${this.path}"`);
    }
  }

  /** Returns `length` bytes from `at` on. @throws CupbearerError as {@link readInto}. */
  read(at: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.readInto(bytes, at);
    return bytes;
  }

  /** Closes it until it is read again. */
  close(): void {
    const file = open.get(this);
    if (file === undefined) return;
    open.delete(this);
    closeSync(file);
  }

  #opened(): number {
    const known = open.get(this);
    if (known !== undefined) {
      open.delete(this);
      open.set(this, known);
      return known;
    }
    for (const other of open.keys()) {
      if (open.size < mostOpen) break;
      other.close();
    }
    const file = openToRead(this.place);
    try {
      this.#check(file);
    } catch (error) {
      closeSync(file);
      throw toStorageError(error, `read "${this.path}"`);
    }
    open.set(this, file);
    return file;
  }

  #check(file: number): void {
    const { size, mtimeNs } = fstatSync(file, { bigint: true });
    const found: FileState = { place: this.place, size: Number(size), modified: String(mtimeNs) };
    this.#state ??= found;
    if (this.#state.size === found.size && this.#state.modified === found.modified) return;
    const isSize = this.#state.size !== found.size;
    throw new CupbearerError(
      'bad-data',
      isSize
        ? `"${this.path}" has changed while it was read: expected ${numbered(this.#state.size, 'byte')}, found ${found.size}.`
        : `"${this.path}" has changed while it was read: expected it as of ${dated(this.#state)}, found it as of ${dated(found)}.`,
      { hint: 'Start again when nothing writes to it any more.' },
    );
  }
}

function dated({ modified }: FileState): string {
  const date = new Date(Number(BigInt(modified) / 1_000_000n));
  return Number.isFinite(date.getTime()) ? date.toISOString() : `${modified} ns`;
}
