import { lstatSync, readdirSync, rmSync, statfsSync, utimesSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { createPrivateFolder } from './private-files.ts';
import { KeptReader, keptBytes, KeptWriter, type KeptBlock, type KeptShape } from './kept-array.ts';
import { removeLeftovers } from './leftovers.ts';
import { withStorageErrors } from './storage-error.ts';
import { isTemporaryName } from './temporary-names.ts';
import { cupbearerHome } from './home.ts';

/** Where activations are kept for other runs. */
export function activationsFolder(home: string = cupbearerHome()): string {
  return join(home, 'activations');
}

const ending = '.safetensors';

/** Bytes that must stay free on the disk: a run that cannot write its results has failed. */
const leastFree = 500e6;

/** How a cache is used. */
interface CacheOptions {
  folder: string;
  /** Most bytes of all files together. */
  limit: number;
  /** Hears, once for each reason, why something is computed again or not kept. */
  tell: (message: string) => void;
  /** Bytes that must stay free on the disk. */
  free?: number;
}

/** A matrix of the cache; its blocks are read in any order. */
export interface CachedArray {
  /** Returns a block; undefined if it is damaged or cannot be read. The file is then removed and a notice is reported. */
  read(block: number): KeptBlock | undefined;
  close(): void;
}

/** A matrix on its way into the cache. A failure is reported and ends it; further calls do nothing. */
export interface CachingArray {
  append(block: Float32Array | Int32Array): void;
  finish(): void;
  discard(): void;
}

/**
 * Files of matrices by keys that say all that a matrix depends on. Several processes may use one folder at a time. Where
 * something cannot be read or written the caller goes on without it: no method throws for trouble with the disk.
 *
 * A file that is used gets the present time. Before one is written, those that were not used for longest make room, but for
 * those that this cache has used itself: a pass that does not fit would otherwise push out its own beginning.
 */
export class ActivationCache {
  readonly #folder: string;
  readonly #limit: number;
  readonly #free: number;
  readonly #tell: (message: string) => void;
  readonly #told = new Set<string>();
  readonly #used = new Set<string>();

  private constructor({ folder, limit, tell, free = leastFree }: CacheOptions) {
    this.#folder = folder;
    this.#limit = limit;
    this.#tell = tell;
    this.#free = free;
  }

  /** Opens the cache in a folder, which is created, and removes what killed processes have left there. */
  static async open(options: CacheOptions): Promise<ActivationCache> {
    const cache = new ActivationCache(options);
    cache.#trying(notKept, () => createPrivateFolder(options.folder));
    await removeLeftovers([options.folder]);
    return cache;
  }

  /** Returns the matrix `key` if it is there. */
  find(key: string, shape: KeptShape): CachedArray | undefined {
    const path = this.#pathOf(key);
    const reader = this.#reading(path, () => new KeptReader(path, key, shape));
    if (reader === undefined) return undefined;
    this.#used.add(path);
    touch(path);
    return {
      read: (block) => this.#reading(path, () => reader.read(block)),
      close: () => reader.close(),
    };
  }

  /** Begins to write the matrix `key`; undefined if it does not fit or the folder cannot be written to. */
  create(key: string, shape: KeptShape): CachingArray | undefined {
    const bytes = keptBytes(key, shape);
    if (!this.#hasRoomOnDisk(bytes)) return undefined;
    let writer = this.#trying(notKept, () => new KeptWriter(this.#pathOf(key), key, shape));
    if (writer === undefined) return undefined;
    this.#used.add(writer.temporaryPath);
    if (!this.#makeRoom()) {
      this.#sayOnce(
        `${notKept}: they need more than the ${formatBytes(this.#limit)} that the activation cache may have.`,
      );
      writer.discard();
      return undefined;
    }
    const unlessFailed = (action: (writer: KeptWriter) => void) => {
      if (writer === undefined) return;
      const open = writer;
      const isDone = this.#trying(notKept, () => (action(open), true));
      if (isDone === undefined) writer = undefined;
    };
    return {
      append: (block) => unlessFailed((open) => open.append(block)),
      finish: () =>
        unlessFailed((open) => {
          this.#used.add(open.path);
          open.finish();
          writer = undefined;
        }),
      discard: () => {
        writer?.discard();
        writer = undefined;
      },
    };
  }

  #pathOf(key: string): string {
    return join(this.#folder, `${key}${ending}`);
  }

  #hasRoomOnDisk(bytes: number): boolean {
    const disk = this.#trying(notKept, () =>
      withStorageErrors(`look at "${this.#folder}"`, () => statfsSync(this.#folder)),
    );
    if (disk === undefined) return false;
    if (disk.bavail * disk.bsize >= bytes + this.#free) return true;
    this.#sayOnce(`${notKept}: less than ${formatBytes(this.#free)} would be left on the disk.`);
    return false;
  }

  /** Removes what was not used for longest until the limit is kept; false if it cannot be. */
  #makeRoom(): boolean {
    const files = filesIn(this.#folder);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const removable = files.filter(({ path, isWhole }) => isWhole && !this.#used.has(path));
    for (const { path, bytes } of removable.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.#limit) break;
      if (remove(path)) total -= bytes;
    }
    return total <= this.#limit;
  }

  /** What reading gives; undefined if there is no file, or after a damaged one was removed. */
  #reading<T>(path: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      if (error.code === 'not-found') return undefined;
      if (error.code === 'bad-data') remove(path);
      this.#sayOnce(
        error.code === 'bad-data'
          ? 'A file of the activation cache was damaged. It was removed, and its activations are computed again.'
          : `Activations are computed again: ${error.message}`,
      );
      return undefined;
    }
  }

  #trying<T>(otherwise: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof CupbearerError) || error.code === 'internal') throw error;
      this.#sayOnce(`${otherwise}: ${error.message}`);
      return undefined;
    }
  }

  #sayOnce(message: string): void {
    // The path of the one file differs each time, and the reason is the same.
    const reason = message.replaceAll(/"[^"]*"/g, '');
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#tell(message);
  }
}

const notKept = 'Activations are not kept for other runs';

/** What a cache holds. */
interface CacheHoldings {
  bytes: number;
  files: number;
}

/** Returns what the cache in a folder holds, files that are being written included. */
export function cacheHoldings(folder: string): CacheHoldings {
  const files = filesIn(folder);
  return { bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files: files.length };
}

/** Removes all that the cache in a folder holds but for what is being written. Resolves with what is left. */
export async function clearCache(folder: string): Promise<CacheHoldings> {
  await removeLeftovers([folder]);
  for (const { path, isWhole } of filesIn(folder)) if (isWhole) remove(path);
  return cacheHoldings(folder);
}

/** Removes the files that were not used for longest until no more than `limit` bytes are held. */
export function shrinkCache(folder: string, limit: number): void {
  const files = filesIn(folder).sort((a, b) => a.usedAt - b.usedAt);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes, isWhole } of files) if (isWhole && total > limit && remove(path)) total -= bytes;
}

interface CacheFile {
  path: string;
  bytes: number;
  usedAt: number;
  /** False while it is being written. */
  isWhole: boolean;
}

function filesIn(folder: string): CacheFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Not there, or not to be read: it holds nothing for us.
    return [];
  }
  return names.flatMap((name) => {
    const isTemporary = isTemporaryName(name);
    if (!isTemporary && !name.endsWith(ending)) return [];
    const path = join(folder, name);
    const stats = statsOf(path);
    return stats === undefined ? [] : [{ path, bytes: stats.size, usedAt: stats.mtimeMs, isWhole: !isTemporary }];
  });
}

/** Undefined for what another process has just removed. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // In a folder that can only be read nothing is evicted either.
  }
}

function remove(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}
