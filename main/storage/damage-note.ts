import { closeSync, existsSync, rmSync } from 'node:fs';
import { openPrivateFile } from './private-files.ts';

/**
 * Notes that something in the catalogue `file` was found to be damaged while it was used, so that the next start looks
 * at all of it: the check that every start can afford does not find each damage.
 */
export function noteDamage(file: string): void {
  try {
    closeSync(openPrivateFile(notePath(file)));
  } catch {
    // The error that led here is reported in any case.
  }
}

/** Whether damage was noted. */
export function isDamageNoted(file: string): boolean {
  return existsSync(notePath(file));
}

/** Removes the note after the whole file was checked. */
export function forgetDamage(file: string): void {
  rmSync(notePath(file), { force: true });
}

function notePath(file: string): string {
  return `${file}-damaged`;
}
