import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchVariable } from './protocol.ts';

/** A folder of a parser's own, which exists; it goes with the worker. */
export function scratch(...names: string[]): string {
  const folder = join(process.env[scratchVariable]!, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The same, with nothing in it. */
export function emptyScratch(...names: string[]): string {
  rmSync(join(process.env[scratchVariable]!, ...names), { recursive: true, force: true });
  return scratch(...names);
}

/** Writes an input as a file and returns its path. */
export function asFile(input: Uint8Array, parser: string, name: string): string {
  const path = join(scratch(parser), name);
  writeFileSync(path, input);
  return path;
}
