import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { writePrivateFile } from './private-files.ts';
import { isProcessAlive, processIdentity } from './process-identity.ts';
import { readJsonFile } from './read-file.ts';
import { holdsRun } from './run-folder.ts';
import { toJsonText } from './json-text.ts';
import { withStorageErrors } from './storage-error.ts';

/** A run folder that was put aside. */
const putAsideSchema = z.object({ folder: z.string(), hidden: z.string(), pid: z.number(), started: z.string() });
type PutAside = z.infer<typeof putAsideSchema>;

/** A run and its folder. */
type RunPlace = Pick<RunRecord, 'id' | 'folder'>;

const prefix = '.cupbearer-removed-';

/**
 * Run folders that were removed and can still be brought back: each is renamed within its parent, to a hidden name. The
 * list of them lies beside the catalogue, so that what a crash leaves behind is deleted at the next start.
 */
export class RemovedFolders {
  readonly #listFile: string;
  /** Those of this process by their hidden names, also those that are about to be put aside. */
  readonly #aside = new Map<string, PutAside>();

  constructor(catalogueFile: string) {
    this.#listFile = join(dirname(catalogueFile), 'removed.json');
  }

  /**
   * Notes run folders that may be put aside, in one go: a folder that is hidden and on no list would never be deleted.
   * @throws CupbearerError `storage`.
   */
  announce(runs: readonly RunPlace[]): void {
    const { pid, started } = processIdentity();
    for (const run of runs) {
      const hidden = hiddenName(run);
      this.#aside.set(hidden, { folder: run.folder, hidden, pid, started });
    }
    this.#writeList();
  }

  /** Puts a run folder aside. @throws CupbearerError `storage` if it cannot be renamed. */
  putAside(run: RunPlace): void {
    const hidden = hiddenName(run);
    // Its folder may have become another since it was announced.
    if (!this.#aside.has(hidden)) this.announce([run]);
    withStorageErrors(`remove "${run.folder}"`, () => renameSync(run.folder, hidden));
  }

  /**
   * Brings a folder back; one that was not put aside stays where it is. Its name stays on the list, where it does no
   * harm, until {@link settle}. @throws CupbearerError `storage`, also where another one has taken its place.
   */
  bringBack(run: RunPlace): void {
    const hidden = hiddenName(run);
    if (!this.#aside.has(hidden)) return;
    withStorageErrors(`restore "${run.folder}"`, () => renameSync(hidden, run.folder));
    this.#aside.delete(hidden);
  }

  /** Leaves on the list what really is put aside. @throws CupbearerError `storage`. */
  settle(): void {
    for (const hidden of [...this.#aside.keys()]) if (!existsSync(hidden)) this.#aside.delete(hidden);
    this.#writeList();
  }

  /** Deletes for good what was put aside here, and what processes that are gone have left. */
  purge(): void {
    for (const { hidden, folder } of this.#entries((entry) => this.#isOurs(entry) || !isAlive(entry))) {
      // A list that was tampered with must not lead anywhere else.
      if (basename(hidden).startsWith(prefix) && dirname(hidden) === dirname(folder) && holdsRun(hidden))
        withStorageErrors(`delete "${hidden}"`, () => rmSync(hidden, { recursive: true, force: true }));
      this.#aside.delete(hidden);
    }
    this.#writeList();
  }

  #isOurs({ hidden }: PutAside): boolean {
    return this.#aside.has(hidden);
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

function hiddenName({ id, folder }: RunPlace): string {
  return join(dirname(folder), `${prefix}${id}`);
}

function isAlive({ pid, started }: PutAside): boolean {
  return isProcessAlive(pid, started);
}

function isPutAside(value: unknown): value is PutAside {
  return putAsideSchema.safeParse(value).success;
}
