import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { ByteFile } from './byte-file.ts';
import { formatBytes } from './foreign-weights.ts';
import { fileSize, readFileBytes, readFileStart } from './read-file.ts';
import {
  encodeSafetensors,
  headerBytes,
  parseSafetensors,
  parseSafetensorsDirectory,
  parseSafetensorsMetadata,
  type SafetensorsContent,
  type StoredArray,
} from './safetensors.ts';
import { pathOf, type Place } from './within-folder.ts';
import { numbered } from '../../shared/format.ts';

/** Writes arrays and free text as a safetensors file, whole or not at all. @throws CupbearerError `storage`. */
export function writeTensorFile(place: Place, tensors: TensorMap, metadata: Record<string, string> = {}): void {
  writeFileAtomically(place, encodeSafetensors(tensors, metadata));
}

/** Reads a safetensors file. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readTensorFile(place: Place): SafetensorsContent {
  return parseSafetensors(readFileBytes(place), pathOf(place));
}

/**
 * The free text of a safetensors file, without reading its arrays. @throws CupbearerError `not-found`, `storage`,
 * `bad-data`.
 */
export function readTensorMetadata(place: Place): Record<string, string> {
  return parseSafetensorsMetadata(readHeaderBytes(place), pathOf(place));
}

/**
 * Returns shapes and types of the arrays of a safetensors file, without reading them. @throws CupbearerError
 * `not-found`, `storage`, `bad-data`.
 */
export function readTensorDirectory(place: Place): Map<string, StoredArray> {
  return parseSafetensorsDirectory(readHeaderBytes(place), pathOf(place), fileSize(place));
}

/**
 * The free text of a safetensors file and one of its arrays, float32, of which nothing is read yet. @throws
 * CupbearerError `not-found`, `storage`, `bad-data` if the array is not there, of another type, or ends beyond the
 * file.
 */
export function openFloats(
  place: Place,
  name: string,
): { shape: readonly number[]; values: ByteFile; metadata: Record<string, string> } {
  const path = pathOf(place);
  const header = readHeaderBytes(place);
  const array = parseSafetensorsDirectory(header, path).get(name);
  if (array?.type !== 'F32') {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected the array "${name}" of type F32, found ${array === undefined ? 'none of that name' : array.type}.`,
    );
  }
  const { shape, start, length } = array;
  const values = ByteFile.part(place, start, length);
  if (values.held < start + length) {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected at least ${numbered(start + length, 'byte')}, found ${values.held}.`,
    );
  }
  return { shape, values, metadata: parseSafetensorsMetadata(header, path) };
}

function readHeaderBytes(place: Place): Uint8Array {
  return readFileStart(place, headerBytes(readFileStart(place, formatBytes), pathOf(place)));
}
