import { statSync } from 'node:fs';
import type { TensorMap } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { ByteFile } from './byte-file.ts';
import { readFileBytes, readFileStart } from './read-file.ts';
import {
  encodeSafetensors,
  headerBytes,
  parseSafetensors,
  parseSafetensorsDirectory,
  parseSafetensorsMetadata,
  type SafetensorsContent,
  type StoredArray,
} from './safetensors.ts';
import { withStorageErrors } from './storage-error.ts';

/** Writes arrays and free text as a safetensors file, whole or not at all. @throws CupbearerError `storage`. */
export function writeTensorFile(path: string, tensors: TensorMap, metadata: Record<string, string> = {}): void {
  writeFileAtomically(path, encodeSafetensors(tensors, metadata));
}

/** Reads a safetensors file. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readTensorFile(path: string): SafetensorsContent {
  return parseSafetensors(readFileBytes(path), path);
}

/** The free text of a safetensors file, without reading its arrays. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readTensorMetadata(path: string): Record<string, string> {
  return parseSafetensorsMetadata(readHeaderBytes(path), path);
}

/** Returns shapes and types of the arrays of a safetensors file, without reading them. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readTensorDirectory(path: string): Map<string, StoredArray> {
  const { size } = withStorageErrors(`read "${path}"`, () => statSync(path));
  return parseSafetensorsDirectory(readHeaderBytes(path), path, size);
}

/**
 * The free text of a safetensors file and one of its arrays, float32, of which nothing is read yet. @throws CupbearerError
 * `not-found`, `storage`, `bad-data` where the array is not there, of another type, or ends beyond the file.
 */
export function openFloats(
  path: string,
  name: string,
): { shape: readonly number[]; values: ByteFile; metadata: Record<string, string> } {
  const header = readHeaderBytes(path);
  const array = parseSafetensorsDirectory(header, path).get(name);
  if (array?.type !== 'F32') {
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected the array "${name}" of type F32, found ${array === undefined ? 'none of that name' : array.type}.`,
    );
  }
  const { shape, start, length } = array;
  const held = withStorageErrors(`read "${path}"`, () => statSync(path)).size;
  if (held < start + length) {
    throw new CupbearerError('bad-data', `"${path}": expected at least ${start + length} bytes, found ${held}.`);
  }
  return { shape, values: ByteFile.part(path, start, length), metadata: parseSafetensorsMetadata(header, path) };
}

function readHeaderBytes(path: string): Uint8Array {
  return readFileStart(path, headerBytes(readFileStart(path, 8), path));
}
