import { closeSync, openSync, writeSync } from 'node:fs';
import type { TensorData } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { bytesOf } from './element-type.ts';
import { npyHeader } from './npy.ts';
import { withStorageErrors } from './storage-error.ts';
import { pathOf, type Place } from './within-folder.ts';

/** Writes a new `.npy` file part by part, into a folder that is not in its place yet. */
export class NpyWriter {
  readonly #path: string;
  readonly #descriptor: number;
  #missing: number;

  /** `type` is NumPy's name of the elements. @throws CupbearerError `storage` if there is such a file. */
  constructor(place: Place, type: string, shape: readonly number[]) {
    this.#path = pathOf(place);
    this.#missing = shape.reduce((product, side) => product * side, 1);
    this.#descriptor = withStorageErrors(`write "${this.#path}"`, () => openSync(this.#path, 'wx', 0o666));
    this.#write(npyHeader(type, shape));
  }

  /** Adds elements, which must be of the type that was announced. @throws CupbearerError `storage`. */
  append(data: TensorData): void {
    this.#missing -= data.length;
    this.#write(bytesOf(data));
  }

  /** Closes a file that is not finished. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  /** @throws CupbearerError `internal` if it holds more or fewer elements than its shape says. */
  close(): void {
    closeSync(this.#descriptor);
    if (this.#missing === 0) return;
    throw new CupbearerError('internal', `"${this.#path}": ${this.#missing} elements are missing.`);
  }

  #write(bytes: Uint8Array): void {
    withStorageErrors(`write "${this.#path}"`, () => {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    });
  }
}
