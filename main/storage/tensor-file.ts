import type { TensorMap } from '../../shared/domain/tensors.ts';
import { writeFileAtomically } from './atomic-write.ts';
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

/** Shapes and types of the arrays of a safetensors file, without reading them. @throws CupbearerError `not-found`, `storage`, `bad-data`. */
export function readTensorDirectory(path: string): Map<string, StoredArray> {
  return parseSafetensorsDirectory(readHeaderBytes(path), path);
}

function readHeaderBytes(path: string): Uint8Array {
  return readFileStart(path, headerBytes(readFileStart(path, 8), path));
}
