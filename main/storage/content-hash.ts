import { createHash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { CupbearerError } from '../../shared/errors.ts';
import { withStorageErrors } from './storage-error.ts';
import { openToRead, pathOf, type Place } from './within-folder.ts';

const blockBytes = 1 << 20;

/** Bytes that are not all in memory. */
export interface BytesInBlocks {
  readonly length: number;
  blocks(): Iterable<Uint8Array>;
}

/**
 * Returns SHA-256 in hex of texts (as UTF-8) and bytes. The boundaries of parts count: ('ab', 'c') and ('a', 'bc')
 * differ.
 */
export function hashBytes(...parts: (string | Uint8Array | BytesInBlocks)[]): string {
  const hash = createHash('sha256');
  // A single part is hashed bare, so that the result is what `sha256sum` prints for a file of these bytes.
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    if (parts.length > 1) hash.update(`${bytes.length}:`);
    if (bytes instanceof Uint8Array) hash.update(bytes);
    else for (const block of bytes.blocks()) hash.update(block);
  }
  return hash.digest('hex');
}

/**
 * Returns the SHA-256 in hex of a file's content, read in blocks.
 * @throws CupbearerError `not-found`, `storage`, `bad-data` for what is not a file inside its folder.
 */
export function hashFile(place: Place): string {
  const hash = createHash('sha256');
  const file = openToRead(place);
  try {
    withStorageErrors(`read "${pathOf(place)}"`, () => {
      const block = Buffer.allocUnsafe(blockBytes);
      for (let read; (read = readSync(file, block)) > 0;) hash.update(block.subarray(0, read));
    });
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** SHA-256 in hex of a value's {@link canonicalJson}: equal for equal values, whatever the order of their keys. */
export function hashJson(value: unknown): string {
  return hashBytes(canonicalJson(value));
}

/**
 * A value as JSON with sorted keys and no spaces. Keys whose value is undefined are left out.
 * @throws CupbearerError `internal` for what JSON cannot hold (NaN, infinity, functions), which would make unequal
 * values look equal.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  const isPlain = typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value);
  if (isPlain) return JSON.stringify(value);
  throw new CupbearerError(
    'internal',
    `canonicalJson: expected what JSON can hold, got a ${typeof value} (${Number(value)}).`,
  );
}
