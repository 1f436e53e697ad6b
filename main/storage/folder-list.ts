import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appendPrivateLine } from './private-files.ts';
import { readFileBytes } from './read-file.ts';

/**
 * `folders.txt` beside the catalogue: one absolute run folder a line, only ever added to, so that a lost catalogue can
 * be rebuilt. A line `- <folder>` says that the folder is no longer wanted. A path that holds a line end is written as
 * JSON.
 */
export function folderListPath(catalogueFile: string): string {
  return join(dirname(catalogueFile), 'folders.txt');
}

/** @throws CupbearerError `storage`. */
export function addToFolderList(catalogueFile: string, folder: string): void {
  appendPrivateLine(folderListPath(catalogueFile), encode(folder));
}

/** @throws CupbearerError `storage`. */
export function removeFromFolderList(catalogueFile: string, folder: string): void {
  appendPrivateLine(folderListPath(catalogueFile), `- ${encode(folder)}`);
}

/**
 * Returns the folders in the order in which they were first added; none if there is no list. @throws CupbearerError
 * `storage`.
 */
export function readFolderList(catalogueFile: string): string[] {
  const path = folderListPath(catalogueFile);
  if (!existsSync(path)) return [];
  const folders = new Set<string>();
  // A line that a crash cut off, within a character even, names no folder and is passed over as one that is gone.
  const text = new TextDecoder().decode(readFileBytes(path));
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue;
    if (line.startsWith('- ')) folders.delete(decode(line.slice(2)));
    else folders.add(decode(line));
  }
  return [...folders];
}

function encode(folder: string): string {
  return /[\r\n]/.test(folder) ? JSON.stringify(folder) : folder;
}

function decode(line: string): string {
  if (!line.startsWith('"')) return line;
  try {
    return String(JSON.parse(line));
  } catch {
    // Cut off, see above.
    return line;
  }
}
