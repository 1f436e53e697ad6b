import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { CupbearerError, type ErrorCode } from '../../shared/errors.ts';

/** The path of a file made beforehand; how is said in the script beside it. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(name)));
}

/** An empty folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-storage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** The error that `operation` throws; fails where it throws none, another kind, or another code. */
export function errorOf(code: ErrorCode, operation: () => unknown): CupbearerError {
  try {
    operation();
  } catch (error) {
    if (error instanceof CupbearerError && error.code === code) return error;
    throw error;
  }
  throw new Error(`Expected a CupbearerError ${code}, nothing was thrown.`);
}
