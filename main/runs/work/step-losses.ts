import { rmSync } from 'node:fs';
import type { Steps } from '../../../shared/domain/live.ts';
import { appendJsonLine } from '../../storage/run-folder.ts';
import { pathToWrite, within } from '../../storage/within-folder.ts';
import { stepsFile } from '../training-history.ts';

/** A line is written this often: a step may take less than a millisecond. */
const flushMs = 250;

/** The losses of single steps while a training goes on, for whoever watches it; the folder of a finished run has none. */
export class StepLosses {
  readonly #folder: string;
  /** Of the steps that are not written yet. */
  #waiting: Steps | undefined;
  #flushedAt = performance.now();

  constructor(folder: string) {
    this.#folder = folder;
    this.remove();
  }

  /** Takes a step, the `first`th (from 0) of the `of` steps of its epoch. */
  add(epoch: number, first: number, of: number, loss: number): void {
    if (this.#waiting?.epoch !== epoch) this.flush();
    this.#waiting ??= { epoch, first, of, losses: [] };
    this.#waiting.losses.push(loss);
    if (performance.now() - this.#flushedAt >= flushMs) this.flush();
  }

  flush(): void {
    if (this.#waiting) appendJsonLine(this.#folder, stepsFile, this.#waiting);
    this.#waiting = undefined;
    this.#flushedAt = performance.now();
  }

  remove(): void {
    rmSync(pathToWrite(within(this.#folder, stepsFile)), { force: true });
  }
}
