import { fstatSync } from 'node:fs';

/** Returns whether what is written to a descriptor ends in a file whose permissions let other users read it. */
export function isReadByOthers(descriptor: number): boolean {
  if (process.platform === 'win32') return false;
  const found = fstatSync(descriptor);
  return found.isFile() && (found.mode & 0o044) !== 0;
}
