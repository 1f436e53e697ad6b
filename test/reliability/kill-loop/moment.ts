import { statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { RandomStream } from '../../../main/tensor/random.ts';

/** How long a piece of work takes when nothing disturbs it, and how often it changes something in its folders. */
export interface Usual {
  ms: number;
  changes: number;
}

/** Counts what changes in folders, and in those that are created in them. */
export class ChangeCounter {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: (count: number) => void;
  #count = 0;

  constructor(folders: readonly string[], onChange: (count: number) => void = () => undefined) {
    this.#onChange = onChange;
    for (const folder of folders) this.#watch(folder);
  }

  get count(): number {
    return this.#count;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder) || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
    const watcher = watch(folder, (_, name) => {
      this.#onChange(++this.#count);
      if (name !== null) this.#watch(join(folder, name));
    });
    // A folder that goes while it is watched.
    watcher.on('error', () => undefined);
    this.#watchers.set(folder, watcher);
  }
}

/** Resolves at a random moment of a piece of work: after some time, or right after a change in one of its folders. */
export function randomMoment(random: RandomStream, usual: Usual, folders: readonly string[]): Promise<void> {
  const share = random.uniform();
  const isTimed = random.uniform() < 0.5;
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      counter.close();
      resolve();
    };
    const timer = setTimeout(end, (isTimed ? share : 1) * usual.ms);
    const wanted = isTimed ? Infinity : 1 + Math.floor(share * usual.changes);
    const counter = new ChangeCounter(folders, (count) => {
      if (count >= wanted) end();
    });
  });
}
