import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeFile } from '../../shared/domain/made-file.ts';
import { mostPartBytes } from '../../shared/domain/upload.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { createScratchFolder } from '../storage/private-files.ts';
import { readFilePart } from '../storage/read-file.ts';

/** Files that may wait at once. */
const mostWaiting = 8;
/** A file that nobody asks for is dropped after so long. */
const patienceMs = 15 * 60_000;

interface Waiting {
  folder: string;
  path: string;
  timer: NodeJS.Timeout;
}

/**
 * Files that were made for a window, until it has fetched them. Whatever makes one writes it to disk, and the window fetches
 * it part by part, so that the host never holds a whole file.
 */
export class MadeFiles {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * Has `write` write a file to the path that it is given, and returns what the window fetches it by.
   * @throws CupbearerError `conflict` if too many files wait, `storage`; what `write` throws.
   */
  async make(write: (path: string) => Promise<Omit<MadeFile, 'id'>>): Promise<MadeFile> {
    if (this.#waiting.size >= mostWaiting) {
      throw new CupbearerError('conflict', `${mostWaiting} files are being made or fetched already.`, {
        hint: 'Wait until one of them has arrived.',
      });
    }
    const id = randomBytes(16).toString('hex');
    const folder = createScratchFolder('made');
    const path = join(folder, 'file');
    this.#waiting.set(id, { folder, path, timer: this.#dropLater(id) });
    try {
      const { name, type, bytes } = await write(path);
      this.#get(id).timer.refresh();
      return { id, name, type, bytes };
    } catch (error) {
      await this.drop(id);
      throw error;
    }
  }

  /** Returns where a file lies. @throws CupbearerError `not-found` if it was dropped. */
  pathOf(id: string): string {
    return this.#get(id).path;
  }

  /** Resolves with the next bytes of a file from `start` on; none behind its end. @throws CupbearerError `not-found`, `storage`. */
  async part(id: string, start: number): Promise<Uint8Array<ArrayBuffer>> {
    const { path, timer } = this.#get(id);
    timer.refresh();
    return readFilePart(path, start, mostPartBytes);
  }

  /** Removes a file; does nothing if it is gone already. */
  async drop(id: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    // A folder that cannot be removed now is scratch, which the next start clears away.
    await rm(waiting.folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }

  /** Removes all files. */
  async close(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((id) => this.drop(id)));
  }

  #get(id: string): Waiting {
    const waiting = this.#waiting.get(id);
    if (waiting) return waiting;
    throw new CupbearerError('not-found', 'This file was dropped.', { hint: 'Make it again.' });
  }

  #dropLater(id: string): NodeJS.Timeout {
    return setTimeout(() => void this.drop(id), patienceMs).unref();
  }
}
