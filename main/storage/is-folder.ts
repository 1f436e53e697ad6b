import { statSync } from 'node:fs';

/** Returns whether `path` is a folder that can be reached; a file, a link to nothing or a denied path is not. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
