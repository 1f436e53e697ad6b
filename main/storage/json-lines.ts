import { closeSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { decodeText, mostTextBytes, readFileBytes } from './read-file.ts';
import { withStorageErrors } from './storage-error.ts';
import { openToAppend, pathOf, type Place } from './within-folder.ts';

/** One line of a `.jsonl` file: an object. Numbers that are not finite are stored as null, as JSON has none. */
export type JsonLine = object;

/** Most lines of a file that is read as a whole: a training has at most as many epochs. */
const mostLines = 100_000;

const lineEnd = 0x0a;

/**
 * Adds a line at the end of a file (created if need be). A part of a line that a crash left at the end is removed
 * first. One process writes a file at a time.
 * @throws CupbearerError `storage`, `bad-data` if it is not a file inside its folder; the lines before are then as they
 * were.
 */
export function appendLine(place: Place, line: JsonLine): void {
  withStorageErrors(`write "${pathOf(place)}"`, () => {
    const file = openToAppend(place);
    try {
      const size = dropTornLine(file);
      const bytes = Buffer.from(JSON.stringify(line) + '\n');
      try {
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      } catch (error) {
        restoreSize(file, size);
        throw error;
      }
    } finally {
      closeSync(file);
    }
  });
}

/**
 * The lines of a file, in order. A last line without its line end was cut off by a crash and is left out.
 * @throws CupbearerError `not-found`, `storage`, or `bad-data` if they are more than 100,000, or naming the line that
 * is not a JSON object.
 */
export function readLines(place: Place): JsonLine[] {
  const path = pathOf(place);
  return completeLines(place).map((text, index) => {
    const line = parseLine(text);
    if (line !== undefined) return line;
    const found = JSON.stringify(text.slice(0, 40));
    throw new CupbearerError('bad-data', `"${path}", line ${index + 1}: expected a JSON object, found ${found}.`);
  });
}

/** Returns the object in a line, or undefined if the line holds anything else. */
export function parseLine(text: string): JsonLine | undefined {
  try {
    const value = parseBoundedJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Replaces the file's lines by these: after a crash it may be ahead of the last saved weights.
 * @throws CupbearerError `storage`; the lines before are then as they were.
 */
export function writeLines(place: Place, lines: readonly JsonLine[]): void {
  writeFileAtomically(place, lines.map((line) => JSON.stringify(line) + '\n').join(''));
}

function completeLines(place: Place): string[] {
  const bytes = readFileBytes(place, mostTextBytes);
  // Cut before decoding: a crash may leave half a character.
  const whole = bytes.subarray(0, bytes.lastIndexOf(lineEnd) + 1);
  checkLineCount(whole, pathOf(place));
  return decodeText(whole, pathOf(place)).split('\n').slice(0, -1);
}

/** @throws CupbearerError `bad-data` if there are more than {@link mostLines}. */
function checkLineCount(bytes: Uint8Array, path: string): void {
  let count = 0;
  for (let at = bytes.indexOf(lineEnd); at !== -1; at = bytes.indexOf(lineEnd, at + 1)) {
    if (++count > mostLines)
      throw new CupbearerError('bad-data', `"${path}": expected at most ${formatCount(mostLines)} lines, found more.`);
  }
}

/** Truncates the file after its last line end. Returns its new size. */
function dropTornLine(file: number): number {
  const { size } = fstatSync(file);
  const block = Buffer.alloc(4096);
  for (let end = size; end > 0; end -= block.length) {
    const from = Math.max(0, end - block.length);
    const read = readSync(file, block, 0, end - from, from);
    const at = block.subarray(0, read).lastIndexOf(lineEnd);
    if (at === -1) continue;
    if (from + at + 1 < size) ftruncateSync(file, from + at + 1);
    return from + at + 1;
  }
  if (size > 0) ftruncateSync(file, 0);
  return 0;
}

function restoreSize(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // The torn line stays; readers leave it out and the next append removes it.
  }
}
