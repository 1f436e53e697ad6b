import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CupbearerError } from '../../shared/errors.ts';
import { writePrivateFile } from './private-files.ts';
import { isProcessAlive, processIdentity } from './process-identity.ts';
import { readJsonFile } from './read-file.ts';
import { holdsRun } from './run-folder.ts';
import { toJsonText } from './json-text.ts';
import { withStorageErrors } from './storage-error.ts';

/** A run folder that was put aside. */
interface PutAside {
  folder: string;
  hidden: string;
  pid: number;
  started: string;
}

const prefix = '.cupbearer-removed-';

/**
 * Run folders that were removed and can still be brought back: each is renamed within its parent, to a hidden name. The list
 * of them lies beside the catalogue, so that what a crash leaves behind is deleted at the next start.
 */
export class RemovedFolders {
  readonly #listFile: string;
  readonly #aside = new Map<string, PutAside>();

  constructor(catalogueFile: string) {
    this.#listFile = join(dirname(catalogueFile), 'removed.json');
  }

  /** Puts a run folder aside. @throws CupbearerError `storage` where it cannot be renamed. */
  putAside(folder: string, id: string): void {
    const hidden = join(dirname(folder), `${prefix}${id}`);
    const { pid, started } = processIdentity();
    // Noted first: a folder that is hidden and on no list would never be deleted.
    this.#aside.set(folder, { folder, hidden, pid, started });
    this.#writeList();
    withStorageErrors(`remove "${folder}"`, () => renameSync(folder, hidden));
  }

  /** Brings a folder back. @throws CupbearerError `storage`, also where another one has taken its place. */
  bringBack(folder: string): void {
    const found = this.#aside.get(folder);
    if (!found) return;
    withStorageErrors(`restore "${folder}"`, () => renameSync(found.hidden, folder));
    this.#aside.delete(folder);
    this.#writeList();
  }

  /** Deletes for good what was put aside here, and what processes that are gone have left. */
  purge(): void {
    for (const { hidden, folder } of this.#entries((entry) => this.#isOurs(entry) || !isAlive(entry))) {
      // A list that somebody has changed must not lead to anything else.
      if (basename(hidden).startsWith(prefix) && dirname(hidden) === dirname(folder) && holdsRun(hidden))
        withStorageErrors(`delete "${hidden}"`, () => rmSync(hidden, { recursive: true, force: true }));
      this.#aside.delete(folder);
    }
    this.#writeList();
  }

  #isOurs({ hidden }: PutAside): boolean {
    return [...this.#aside.values()].some((own) => own.hidden === hidden);
  }

  #entries(which: (entry: PutAside) => boolean): PutAside[] {
    return [...this.#stored().filter((entry) => !this.#isOurs(entry)), ...this.#aside.values()].filter(which);
  }

  #stored(): PutAside[] {
    if (!existsSync(this.#listFile)) return [];
    try {
      const list = readJsonFile(this.#listFile);
      return Array.isArray(list) ? list.filter(isPutAside) : [];
    } catch (error) {
      // What a damaged list held is not known any more; it must not keep further runs from being removed.
      if (error instanceof CupbearerError && error.code === 'bad-data') return [];
      throw error;
    }
  }

  /** Ours, and those of other programs that still run. */
  #writeList(): void {
    const entries = this.#entries((entry) => this.#isOurs(entry) || existsSync(entry.hidden));
    if (entries.length > 0) writePrivateFile(this.#listFile, toJsonText(entries));
    else withStorageErrors(`remove "${this.#listFile}"`, () => rmSync(this.#listFile, { force: true }));
  }
}

function isAlive({ pid, started }: PutAside): boolean {
  return isProcessAlive(pid, started);
}

function isPutAside(value: unknown): value is PutAside {
  const { folder, hidden, pid, started } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof folder === 'string' && typeof hidden === 'string' && typeof pid === 'number' && typeof started === 'string'
  );
}
