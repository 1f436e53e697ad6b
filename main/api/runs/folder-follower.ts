import { toErrorRecord } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';

/** Updates `run.json` of runs that changed in the catalogue, one after another, while the host answers other calls. */
export class FolderFollower {
  readonly #catalogue: Catalogue;
  #going: Promise<void> | undefined;
  #isWantedAgain = false;
  #isClosed = false;
  #pause: Promise<unknown> | undefined;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Starts with the runs whose folder is behind. If that is in progress already, it looks again once it is done. */
  follow(): void {
    this.#isWantedAgain = true;
    this.#going ??= this.#all()
      // The marks stay, so the next start tries again.
      .catch((error: unknown) => void this.#catalogue.notices.push(toErrorRecord(error).message))
      .finally(() => {
        this.#going = undefined;
        if (this.#isWantedAgain && !this.#isClosed) this.follow();
      });
  }

  /** Resolves when every folder that can be written to is up to date. */
  async idle(): Promise<void> {
    await this.#going;
  }

  /** Writes nothing until `work` is done: it holds the catalogue's lock, for which the host would have to wait. */
  async pausedDuring<T>(work: () => Promise<T>): Promise<T> {
    const working = work();
    this.#pause = working.catch(() => undefined);
    try {
      return await working;
    } finally {
      this.#pause = undefined;
    }
  }

  /** Stops; the next start does the rest. Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#going;
  }

  async #all(): Promise<void> {
    while (this.#isWantedAgain && !this.#isClosed) {
      this.#isWantedAgain = false;
      await this.#turn();
      // A folder that cannot be written to keeps its mark and does not hold up the others.
      const failures: string[] = [];
      for (let place = 0; !this.#isClosed; await this.#turn()) {
        const next = this.#catalogue.mirrorNext(place);
        if (!next) break;
        place = next.place;
        if (next.failure !== undefined) failures.push(next.failure);
      }
      this.#note(failures);
    }
  }

  /** Resolves when it is time for the next folder. */
  async #turn(): Promise<void> {
    await breath();
    await this.#pause;
  }

  /** Adds one notice for all failures: on a full disk there are thousands. */
  #note(failures: readonly string[]): void {
    const [first] = failures;
    if (first === undefined) return;
    const others =
      failures.length === 1
        ? ''
        : ` So ${failures.length === 2 ? 'was 1 other run' : `were ${failures.length - 1} other runs`}.`;
    this.#catalogue.notices.push(`${first}${others}`);
  }
}
