import { CupbearerError } from '../../../shared/errors.ts';
import { numbered } from '../../../shared/format.ts';
import type { ByteFile } from '../../storage/byte-file.ts';
import { formatBytes } from '../../storage/foreign-weights.ts';
import { floatTypes } from '../../storage/float-types.ts';
import { npyStartBytes, parseNpyHeader } from '../../storage/npy.ts';
import { headerBytes, parseSafetensorsDirectory } from '../../storage/safetensors.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';

/** An array in a file, of which nothing but its description is read. */
export interface FoundArray {
  /** The tensor's name; of a file with a single array without a name, the file's. */
  readonly name: string;
  /** The format's name of the element type: "F16". */
  readonly type: string;
  readonly shape: readonly number[];
  /** What holds its bytes, and where they begin. */
  readonly held: WatchedFile | ByteFile;
  readonly start: number;
  /** Bytes from one row to the next where others lie between. */
  readonly stride?: number;
  /** Bytes that it takes in the file that it comes from. */
  readonly bytes: number;
  /** The file that it comes from. */
  readonly file: WatchedFile;
}

/** How an array is named in errors: the file, and the tensor if it has one. */
export function placeOf({ name, file }: FoundArray): string {
  return `"${file.path}", tensor "${name}"`;
}

/** @throws CupbearerError `bad-data` naming the array, what was expected and what was found. */
export function refuse(array: FoundArray, expected: string, found: string, hint?: string): never {
  throw new CupbearerError('bad-data', `${placeOf(array)}: expected ${expected}, found ${found}.`, { hint });
}

/** The arrays of a safetensors file. @throws CupbearerError `bad-data`, `storage`, `not-found`. */
export function safetensorsArrays(file: WatchedFile): FoundArray[] {
  const start = file.read(0, Math.min(file.size, formatBytes));
  const length = headerBytes(start, file.path);
  if (length > file.size) {
    throw new CupbearerError(
      'bad-data',
      `"${file.path}": expected a safetensors header of ${numbered(length - 8, 'byte')}, found only ${numbered(file.size - 8, 'byte')} in the file.`,
    );
  }
  const header = length <= start.length ? start.subarray(0, length) : file.read(0, length);
  const arrays = parseSafetensorsDirectory(header, file.path, file.size, floatTypes);
  return [...arrays].map(([name, { shape, type, start: at, length: bytes }]) => ({
    name,
    type,
    shape,
    held: file,
    start: at,
    bytes,
    file,
  }));
}

/** The array of a `.npy` file, called `name`. @throws CupbearerError `bad-data`, `storage`, `not-found`. */
export function npyArray(file: WatchedFile, name: string): FoundArray {
  const start = file.read(0, Math.min(file.size, npyStartBytes));
  const { type, isFortran, shape, end } = parseNpyHeader(start, file.size, file.path, floatTypes);
  const array = {
    name,
    type: type.safetensors,
    shape,
    held: file,
    start: end,
    bytes: file.size - end,
    file,
  };
  if (isFortran) refuseColumns(array);
  return array;
}

/** @throws CupbearerError `bad-data` for an array whose elements lie column by column. */
export function refuseColumns(array: FoundArray): never {
  refuse(
    array,
    'rows one after another (C order)',
    'columns one after another (Fortran order)',
    'Save it again in Python: numpy.save(file, numpy.ascontiguousarray(array)).',
  );
}
