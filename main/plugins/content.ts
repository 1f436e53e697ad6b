import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { manifestName, manifestSchema, type PluginManifest } from '../../shared/plugin/manifest.ts';
import { parseParams } from '../../shared/schema/fields.ts';
import { entriesWithin, isThere, within } from '../storage/within-folder.ts';
import { decodeText, readFileBytes, readTextFile } from '../storage/read-file.ts';
import { parseBoundedJson } from '../../shared/bounded-json.ts';
import { withStorageErrors } from '../storage/storage-error.ts';

/** Most files of a plugin, bytes of all of them, and folders within each other. */
export const mostPluginFiles = 1_000;
export const mostPluginBytes = 64 * 2 ** 20;
const mostDepth = 20;

/** What stands beside a plugin's files without being part of it, as hidden files do. */
const leftOut = new Set(['node_modules', '__pycache__', 'venv', 'env', 'build', 'dist', '__MACOSX', 'Thumbs.db']);

/** A file of a plugin: its place below the folder, with `/`, and what is in it. */
export interface PluginFile {
  place: string;
  bytes: Uint8Array;
}

/** All files of a plugin, by place, and their hash. */
export interface PluginContent {
  files: readonly PluginFile[];
  /** SHA-256 (hex) over places, sizes and bytes. */
  hash: string;
  bytes: number;
  manifest: PluginManifest;
}

/**
 * Reads all files of a plugin. @throws CupbearerError `not-found`, `bad-data` for a folder that is none, holds links, or is too large,
 * and for a manifest that is not valid.
 */
export function readContent(folder: string): PluginContent {
  const places = placesIn(folder);
  let bytes = 0;
  const files = places.map((place) => {
    const read = readFileBytes(within(folder, ...place.split('/')), mostPluginBytes);
    bytes += read.length;
    if (bytes > mostPluginBytes) throw tooLarge(folder);
    return { place, bytes: read };
  });
  return { files, bytes, hash: hashOf(files), manifest: manifestOf(files, folder) };
}

/** The hash of a plugin's files, whatever their order. */
function hashOf(files: readonly PluginFile[]): string {
  const hash = createHash('sha256');
  for (const { place, bytes } of [...files].sort((a, b) => (a.place < b.place ? -1 : 1)))
    hash.update(`${place}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex');
}

/** @throws CupbearerError `bad-data` naming the file, the key and what is wrong with it. */
export function manifestOf(files: readonly PluginFile[], folder: string): PluginManifest {
  const file = files.find(({ place }) => place === manifestName);
  if (!file)
    throw new CupbearerError('bad-data', `"${folder}" is not a plugin: it has no ${manifestName}.`, {
      hint: 'npx cupbearer new detector my-idea makes one.',
    });
  const path = join(folder, manifestName);
  const manifest = readManifest(decodeText(file.bytes, path), path);
  if (!files.some(({ place }) => place === manifest.entry))
    throw new CupbearerError('bad-data', `"${path}": entry names "${manifest.entry}", which is not in the folder.`, {
      details: { file: manifestName },
    });
  return manifest;
}

function readManifest(text: string, path: string): PluginManifest {
  const unique = manifestSchema.check(
    z.superRefine(({ adds }, context) => {
      const seen = new Set<string>();
      for (const [i, { kind, id }] of adds.entries()) {
        const name = `${kind} ${id}`;
        if (seen.has(name))
          context.addIssue({ code: 'custom', path: ['adds', i], message: `adds the ${kind} "${id}" a second time.` });
        seen.add(name);
      }
    }),
  );
  try {
    return parseParams(unique, parseBoundedJson(text), (keys) => keys.join('.'));
  } catch (error) {
    if (!(error instanceof CupbearerError) && !(error instanceof SyntaxError)) throw error;
    throw new CupbearerError('bad-data', `"${path}" is not a manifest: ${error.message}`, {
      cause: error,
      details: { file: manifestName },
    });
  }
}

/** Whether an entry of a plugin's folder is part of the plugin. */
export function isContent({ name }: Pick<Dirent, 'name'>): boolean {
  return !name.startsWith('.') && !leftOut.has(name) && !name.endsWith('.egg-info');
}

/** Places of all files, in order. */
function placesIn(folder: string): string[] {
  const places: string[] = [];
  const look = (inner: readonly string[]) => {
    if (inner.length > mostDepth)
      throw new CupbearerError('bad-data', `"${folder}" holds more than ${mostDepth} folders within each other.`);
    for (const entry of entriesWithin(within(folder, ...inner))) {
      if (!isContent(entry)) continue;
      const here = [...inner, entry.name];
      if (entry.isDirectory()) look(here);
      else if (entry.isFile()) places.push(here.join('/'));
      else
        throw new CupbearerError(
          'bad-data',
          `"${join(folder, ...here)}" is a link or a device; a plugin holds files and folders only.`,
        );
      if (places.length > mostPluginFiles)
        throw new CupbearerError('bad-data', `"${folder}" holds more than ${mostPluginFiles} files.`, {
          hint: 'Data belong elsewhere: a parameter can name their path.',
        });
    }
  };
  withStorageErrors(`read the plugin in "${folder}"`, () => look([]));
  return places.sort();
}

function tooLarge(folder: string): CupbearerError {
  return new CupbearerError('bad-data', `The plugin in "${folder}" is larger than ${formatBytes(mostPluginBytes)}.`, {
    hint: 'Data belong elsewhere: a parameter can name their path.',
  });
}

/** The commit that the Git repository whose root is `folder` has checked out; undefined where it is none. */
export function gitCommit(folder: string): string | undefined {
  try {
    if (!isThere(within(folder, '.git', 'HEAD'))) return undefined;
    const head = readTextFile(within(folder, '.git', 'HEAD'), 1_000).trim();
    const ref = /^ref: (refs\/[\w./-]{1,200})$/.exec(head)?.[1];
    if (ref === undefined) return asCommit(head);
    const place = within(folder, '.git', ...ref.split('/'));
    if (isThere(place)) return asCommit(readTextFile(place, 1_000).trim());
    const packed = readTextFile(within(folder, '.git', 'packed-refs'), 2 ** 20);
    return asCommit(
      packed
        .split('\n')
        .find((line) => line.endsWith(` ${ref}`))
        ?.split(' ')[0] ?? '',
    );
  } catch {
    return undefined;
  }
}

function asCommit(text: string): string | undefined {
  return /^[0-9a-f]{40,64}$/.test(text) ? text : undefined;
}
