import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../../storage/content-hash.ts';
import { createFolder } from '../../storage/create-folder.ts';
import { removeLeftovers } from '../../storage/leftovers.ts';
import { checkNotCancelled } from '../cancellation.ts';
import { datasetSource, datasetSources, type DatasetSource, type KnownFile } from '../sources.ts';
import { fetchFile } from './fetch-file.ts';
import { unpackMembers } from './unpack.ts';

/** How a dataset is downloaded. */
interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes that have arrived, those of the whole dataset, and the file at hand. */
  readonly progress?: (done: number, total: number, file: string) => void;
  /** Other sources than the publishers'. */
  readonly sources?: readonly DatasetSource[];
  /** A server that sends nothing for so long is given up. */
  readonly idleTimeoutMs?: number;
}

/** What a download did. */
export interface DownloadResult {
  folder: string;
  /** Files that arrived now. */
  downloaded: string[];
  /** Files that were there already, whole. */
  kept: string[];
}

/**
 * Brings the files of a dataset to `dataDir`/NAME: those that are there with the right SHA-256 are kept, a download
 * that was interrupted resumes where it stopped, mirrors are tried in turn, archives are unpacked.
 * @throws CupbearerError `usage` for a dataset that cannot be downloaded, `network`, `bad-data`, `storage`,
 * `cancelled`.
 */
export async function downloadDataset(
  name: string,
  dataDir: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const source = datasetSource(name, options.sources ?? datasetSources);
  const folder = join(dataDir, source.id);
  const result: DownloadResult = { folder, downloaded: [], kept: [] };
  const total = source.files.reduce((sum, file) => sum + file.bytes, 0);
  let before = 0;
  createFolder(folder);
  await removeLeftovers([folder]);
  for (const file of source.files) {
    checkNotCancelled(options.signal, `Downloading ${name}`);
    const outcomes = file.members ?? [file];
    const names = outcomes.map((outcome) => outcome.name);
    const report = (bytes: number) => options.progress?.(before + bytes, total, file.name);
    if (outcomes.every((outcome) => isWhole(join(folder, outcome.name), outcome))) {
      result.kept.push(...names);
    } else {
      const path = join(folder, file.name);
      if (!isWhole(path, file)) {
        const addresses = source.mirrors.map((mirror) => mirror + file.name);
        await fetchFile(addresses, path, file, { ...options, onBytes: report });
      }
      if (file.members) {
        await unpackMembers(path, file, folder, options.signal);
        await rm(path, { force: true });
      }
      result.downloaded.push(...names);
    }
    report(file.bytes);
    before += file.bytes;
  }
  return result;
}

/** Whether the file at `path` is there with the size and SHA-256 that are known of it. */
function isWhole(path: string, known: KnownFile): boolean {
  return existsSync(path) && statSync(path).size === known.bytes && hashFile(path) === known.sha256;
}
