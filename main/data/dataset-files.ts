import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { DatasetDefinition } from './dataset.ts';
import { datasetRegistry } from './datasets/index.ts';
import { datasetSources, type DatasetSource } from './sources.ts';
import { storedPlaces } from './stored-places.ts';

/** A file of a dataset that can be downloaded. */
export interface ExpectedFile {
  /** As it lies there, with or without ".gz"; if it is missing, the publishers' name. */
  name: string;
  /** Its path; undefined if it is missing. */
  path?: string;
  bytes: number;
  split: 'train' | 'test';
}

/** `built-in` needs no files, those of `own` are the user's; `incomplete` has some of them. */
export type DatasetState = 'built-in' | 'own' | 'present' | 'incomplete' | 'missing';

/** Returns the definitions of all datasets but those made of another one. */
export function plainDatasets(): DatasetDefinition[] {
  return datasetRegistry.definitions.filter(({ params }) => !('original' in params.shape));
}

/**
 * Returns which files of a dataset are in `dataDir`, without opening them. @throws CupbearerError `usage` for an
 * unknown name.
 */
export function datasetState(name: string, dataDir: string): DatasetState {
  const definition = plainDataset(name);
  const source = sourceOf(name);
  if (!source) return definition.builtIn ? 'built-in' : 'own';
  const files = expectedFiles(source, dataDir);
  const present = files.filter(({ path }) => path !== undefined).length;
  return present === files.length ? 'present' : present > 0 ? 'incomplete' : 'missing';
}

/** @throws CupbearerError `usage` naming the nearest dataset if there is none of this name. */
export function plainDataset(name: string): DatasetDefinition {
  const all = plainDatasets();
  const found = all.find(({ id }) => id === name);
  if (found) return found;
  throw new CupbearerError(
    'usage',
    unknownName(
      'dataset',
      name,
      all.map(({ id }) => id),
    ),
  );
}

/** Returns where a dataset can be downloaded from; undefined if it cannot. */
export function sourceOf(name: string): DatasetSource | undefined {
  return datasetSources.find(({ id }) => id === name);
}

/** Returns the bytes to download for the whole. */
export function downloadBytesOf({ files }: DatasetSource): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Returns the files of a dataset and which of them are in `dataDir`. */
export function expectedFiles(source: DatasetSource, dataDir: string): ExpectedFile[] {
  const folder = join(dataDir, source.id);
  return source.files
    .flatMap((file) => (file.members ?? [file]).map((member) => member.name.replace(/\.gz$/, '')))
    .map((name) => expectedFile(folder, name));
}

function expectedFile(folder: string, name: string): ExpectedFile {
  const split = /^(t10k|test)/.test(name) ? 'test' : 'train';
  for (const path of storedPlaces(folder, name)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile()) return { name: basename(path), path, bytes: found.size, split };
  }
  return { name, bytes: 0, split };
}
