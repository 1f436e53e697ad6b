import { lstatSync, readdirSync, type BigIntStats, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** How often is looked. What was saved is looked at once more before it counts as saved. */
const lookMs = 400;

/** A folder that is watched, and what it is called. */
export interface WatchedFolder {
  id: string;
  folder: string;
}

/** Says which entries of a folder belong to a plugin. */
type IsContent = (entry: Dirent) => boolean;

/** Watches folders by looking at the sizes and times of so many files: works on every disk, and for folders that come and go. */
export class FolderWatch {
  readonly #isContent: IsContent;
  readonly #mostFiles: number;
  readonly #lookMs: number;
  /** By folder, as it was when it was last told of. */
  readonly #told = new Map<string, string>();

  constructor(isContent: IsContent, mostFiles: number, options: { lookMs?: number } = {}) {
    this.#isContent = isContent;
    this.#mostFiles = mostFiles;
    this.#lookMs = options.lookMs ?? lookMs;
  }

  /**
   * Resolves with the ids of folders that have changed since they were last told of, or since they were first seen, once they
   * stay as they are for a moment. @throws what `signal` aborts with.
   */
  async changed(folders: readonly WatchedFolder[], signal: AbortSignal): Promise<string[]> {
    let before = new Map<string, string>();
    for (;;) {
      signal.throwIfAborted();
      const now = new Map(folders.map(({ folder }) => [folder, this.#stampOf(folder)]));
      for (const [folder, stamp] of now) if (!this.#told.has(folder)) this.#told.set(folder, stamp);
      const changed = folders.filter(
        ({ folder }) => now.get(folder) !== this.#told.get(folder) && now.get(folder) === before.get(folder),
      );
      if (changed.length > 0) {
        for (const { folder } of changed) this.#told.set(folder, now.get(folder)!);
        return changed.map(({ id }) => id);
      }
      before = now;
      await wait(this.#lookMs, undefined, { signal });
    }
  }

  /** What changes whenever a file of a folder does. */
  #stampOf(folder: string): string {
    const lines: string[] = [];
    const waiting = [''];
    for (let inside = waiting.pop(); inside !== undefined; inside = waiting.pop()) {
      for (const entry of entriesOf(join(folder, inside))) {
        if (!this.#isContent(entry)) continue;
        if (lines.length >= this.#mostFiles) return lines.join('\n');
        const path = join(inside, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        const found = lookedAt(join(folder, path));
        lines.push(`${path} ${entry.isDirectory() ? '' : `${found?.size} ${found?.mtimeNs} ${found?.ino}`}`);
      }
    }
    return lines.sort().join('\n');
  }
}

/** None where there is no such folder, or it cannot be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function lookedAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
