import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { readFileEnd, readFileStart } from '../storage/read-file.ts';
import type { DatasetDefinition } from './dataset.ts';
import {
  datasetState,
  downloadBytesOf,
  expectedFiles,
  plainDataset,
  plainDatasets,
  sourceOf,
  type DatasetState,
  type ExpectedFile,
} from './dataset-files.ts';
import { isGzip } from './stored-places.ts';
import { given } from '../../shared/given.ts';

/** A dataset's file on disk. */
interface StoredFileInfo {
  /** As it lies there, with or without ".gz"; if it is missing, the publishers' name. */
  name: string;
  present: boolean;
  bytes: number;
  split: 'train' | 'test';
  /** Samples in it; undefined if it is missing or damaged (and for image files, whose labels are counted). */
  samples?: number;
}

/** What is known about a dataset, and which part of it is on disk. */
export interface DatasetInfo {
  name: string;
  title: string;
  summary: string;
  state: DatasetState;
  folder?: string;
  files: StoredFileInfo[];
  /** Bytes on disk. */
  bytes: number;
  /** Samples on disk (or drawn); 0 if there are none. */
  samples: { train: number; test: number };
  /** Number of classes, and shape of a sample; left out if the user's files decide. */
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

/** Returns {@link datasetInfo} of all datasets, downloadable and built in. */
export function listDatasets(dataDir: string): DatasetInfo[] {
  return plainDatasets().map((definition) => infoOf(definition, dataDir));
}

/**
 * Returns what is known about a dataset and which part of it is in `dataDir`. @throws CupbearerError `usage` for an
 * unknown name.
 */
export function datasetInfo(name: string, dataDir: string): DatasetInfo {
  return infoOf(plainDataset(name), dataDir);
}

function infoOf(definition: DatasetDefinition, dataDir: string): DatasetInfo {
  const { id, title, summary, builtIn, byHand } = definition;
  const form = usualForm(definition, dataDir);
  const state = datasetState(id, dataDir);
  const source = sourceOf(id);
  if (!source) {
    const samples = { train: 0, test: 0, ...builtIn };
    const own: DatasetInfo = {
      name: id,
      title,
      summary,
      state,
      files: [],
      bytes: 0,
      samples,
      ...form,
    };
    if (!byHand) return own;
    return { ...own, folder: join(dataDir, id), homepage: byHand.homepage, byHand: byHand.files };
  }
  const files = expectedFiles(source, dataDir).map(fileInfo);
  const present = files.filter((file) => file.present);
  const count = (split: 'train' | 'test') =>
    files.reduce((sum, file) => sum + (file.split === split ? (file.samples ?? 0) : 0), 0);
  return {
    name: id,
    title,
    summary,
    state,
    folder: join(dataDir, id),
    files,
    bytes: present.reduce((sum, file) => sum + file.bytes, 0),
    samples: { train: count('train'), test: count('test') },
    ...form,
    downloadBytes: downloadBytesOf(source),
    homepage: source.homepage,
    licence: source.licence,
    citation: source.citation,
  };
}

/** What samples are with default parameters; nothing if the user's files decide. */
function usualForm(definition: DatasetDefinition, dataDir: string): Pick<DatasetInfo, 'classes' | 'shape'> {
  const defaults = definition.params.safeParse({});
  if (!defaults.success) return {};
  try {
    const { classes, shape } = definition.facts(defaults.data as never, dataDir);
    return { classes: classes.length, shape };
  } catch (error) {
    // Those of a plugin are not known before it has made them.
    if (definition.plugin) return {};
    throw error;
  }
}

function fileInfo({ path, ...file }: ExpectedFile): StoredFileInfo {
  if (path === undefined) return { ...file, present: false };
  const samples = countSamples(path, file.bytes, file.name);
  return { ...file, present: true, ...given({ samples }) };
}

/** Samples in a label file or CIFAR-10 batch, from its first or last bytes alone; undefined if they make no sense. */
function countSamples(path: string, size: number, name: string): number | undefined {
  if (/-images[-.]/.test(name)) return undefined;
  try {
    const head = readFileStart(path, 1024);
    if (/\.bin(\.gz)?$/.test(name)) {
      const unpacked = isGzip(head) ? Buffer.from(readFileEnd(path, 4)).readUInt32LE() : size;
      return unpacked > 0 && unpacked % 3073 === 0 ? unpacked / 3073 : undefined;
    }
    // The beginning of a deflate stream is enough for the header; the rest is missing on purpose.
    const header = isGzip(head)
      ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostHeaderBytes })
      : Buffer.from(head);
    return header.length >= 8 && header.readUInt32BE() === 0x0801 ? header.readUInt32BE(4) : undefined;
  } catch {
    // Faults of a file are reported when the dataset is loaded; the list must not fail because of them.
    return undefined;
  }
}

/** A kilobyte of a gzip file may hold a megabyte. */
const mostHeaderBytes = 2 ** 21;
