import type { TensorMap } from '../../shared/domain/tensors.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { readFileBytes, readFileStart } from './read-file.ts';
import {
  encodeSafetensors,
  headerBytes,
  parseSafetensors,
  parseSafetensorsMetadata,
  type SafetensorsContent,
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
  const length = headerBytes(readFileStart(path, 8), path);
  return parseSafetensorsMetadata(readFileStart(path, length), path);
}
