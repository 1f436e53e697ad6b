import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import type { DatasetDefinition } from './dataset.ts';
import { unknownName } from '../../shared/definition.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { datasetRegistry } from './datasets/index.ts';
import { isGzip } from './readers/gunzip.ts';
import { datasetSources, type DatasetSource } from './sources.ts';

/** A dataset's file on disk. */
export interface StoredFileInfo {
  /** As it lies there, with or without ".gz"; where it is missing, the publishers' name. */
  name: string;
  present: boolean;
  bytes: number;
  split: 'train' | 'test';
  /** Samples in it; undefined where it is missing or damaged (and for image files, whose labels are counted). */
  samples?: number;
}

/** What is known of a dataset and what of it is on disk. */
export interface DatasetInfo {
  name: string;
  title: string;
  summary: string;
  /** `built-in` needs no files, those of `own` are the user's; `incomplete` has some of them. */
  state: 'built-in' | 'own' | 'present' | 'incomplete' | 'missing';
  folder?: string;
  files: StoredFileInfo[];
  /** Bytes on disk. */
  bytes: number;
  /** Samples on disk (or drawn); 0 where there are none. */
  samples: { train: number; test: number };
  /** Number of classes, and shape of a sample; left out where the user's files decide. */
  classes?: number;
  shape?: readonly number[];
  /** Bytes to download for the whole. */
  downloadBytes?: number;
  homepage?: string;
  licence?: string;
  citation?: string;
  /** Files that only a person can get and unpacks into the folder. */
  byHand?: readonly string[];
}

/** {@link datasetInfo} of all datasets, downloadable and built in. */
export function listDatasets(dataDir: string): DatasetInfo[] {
  return knownDatasets().map((definition) => infoOf(definition, dataDir));
}

/** What is known of a dataset and what of it is in `dataDir`. @throws CupbearerError `usage` for an unknown name. */
export function datasetInfo(name: string, dataDir: string): DatasetInfo {
  const definition = knownDatasets().find(({ id }) => id === name);
  if (definition) return infoOf(definition, dataDir);
  const known = knownDatasets().map(({ id }) => id);
  throw new CupbearerError('usage', unknownName('dataset', name, known));
}

/** All but those made of another dataset. */
function knownDatasets(): DatasetDefinition[] {
  return datasetRegistry.definitions.filter(({ params }) => !('original' in params.shape));
}

function infoOf(definition: DatasetDefinition, dataDir: string): DatasetInfo {
  const { id, title, summary, builtIn, byHand } = definition;
  const form = usualForm(definition);
  const source = datasetSources.find((candidate) => candidate.id === id);
  if (!source) {
    const samples = { train: 0, test: 0, ...builtIn };
    const own: DatasetInfo = {
      name: id,
      title,
      summary,
      state: builtIn ? 'built-in' : 'own',
      files: [],
      bytes: 0,
      samples,
      ...form,
    };
    if (!byHand) return own;
    return { ...own, folder: join(dataDir, id), homepage: byHand.homepage, byHand: byHand.files };
  }
  const folder = join(dataDir, id);
  const files = expectedFiles(source).map((name) => fileInfo(folder, name));
  const present = files.filter((file) => file.present);
  const count = (split: 'train' | 'test') =>
    files.reduce((sum, file) => sum + (file.split === split ? (file.samples ?? 0) : 0), 0);
  return {
    name: id,
    title,
    summary,
    state: present.length === files.length ? 'present' : present.length > 0 ? 'incomplete' : 'missing',
    folder,
    files,
    bytes: present.reduce((sum, file) => sum + file.bytes, 0),
    samples: { train: count('train'), test: count('test') },
    ...form,
    downloadBytes: source.files.reduce((sum, file) => sum + file.bytes, 0),
    homepage: source.homepage,
    licence: source.licence,
    citation: source.citation,
  };
}

/** What samples are with default parameters; nothing where the user's files decide. */
function usualForm(definition: DatasetDefinition): Pick<DatasetInfo, 'classes' | 'shape'> {
  const defaults = definition.params.safeParse({});
  if (!defaults.success) return {};
  const { classes, shape } = definition.facts(defaults.data as never);
  return { classes: classes.length, shape };
}

function expectedFiles(source: DatasetSource): string[] {
  return source.files.flatMap((file) => (file.members ?? [file]).map((member) => member.name.replace(/\.gz$/, '')));
}

function fileInfo(folder: string, name: string): StoredFileInfo {
  const split = /^(t10k|test)/.test(name) ? 'test' : 'train';
  for (const candidate of [name, `${name}.gz`]) {
    const path = join(folder, candidate);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found?.isFile()) continue;
    const samples = countSamples(path, found.size, name);
    return { name: candidate, present: true, bytes: found.size, split, ...(samples === undefined ? {} : { samples }) };
  }
  return { name, present: false, bytes: 0, split };
}

/** Samples in a label file or CIFAR-10 batch, from its first or last bytes alone; undefined where they make no sense. */
function countSamples(path: string, size: number, name: string): number | undefined {
  if (name.includes('-images-')) return undefined;
  const head = readBytes(path, 0, Math.min(size, 1024));
  if (name.endsWith('.bin')) {
    const tail = size >= 4 ? readBytes(path, size - 4, 4) : new Uint8Array(4);
    const unpacked = isGzip(head) ? Buffer.from(tail).readUInt32LE() : size;
    return unpacked > 0 && unpacked % 3073 === 0 ? unpacked / 3073 : undefined;
  }
  try {
    // The beginning of a deflate stream is enough for the header; the rest is missing on purpose.
    const header = isGzip(head) ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : Buffer.from(head);
    return header.length >= 8 && header.readUInt32BE() === 0x0801 ? header.readUInt32BE(4) : undefined;
  } catch {
    return undefined;
  }
}

function readBytes(path: string, position: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  try {
    const file = openSync(path, 'r');
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, length, position));
    } finally {
      closeSync(file);
    }
  } catch {
    // A file that cannot be read is told apart when the dataset is loaded; the list must not fail for it.
    return new Uint8Array(0);
  }
}
