import { toErrorRecord } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';

/** Lets `run.json` of many runs follow the catalogue, one after another, while the host answers others. */
export class FolderFollower {
  readonly #catalogue: Catalogue;
  #going: Promise<void> | undefined;
  #isWantedAgain = false;
  #isClosed = false;
  #pause: Promise<unknown> | undefined;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Begins with the runs whose folder is behind; what goes on already looks again when it is through. */
  follow(): void {
    this.#isWantedAgain = true;
    this.#going ??= this.#all()
      // The marks stay, and the next start looks at them.
      .catch((error: unknown) => void this.#catalogue.notices.push(toErrorRecord(error).message))
      .finally(() => {
        this.#going = undefined;
        if (this.#isWantedAgain && !this.#isClosed) this.follow();
      });
  }

  /** Resolves when no folder is behind that can be written to. */
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

  /** Leaves the rest to the next start. Resolves when nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#going;
  }

  async #all(): Promise<void> {
    while (this.#isWantedAgain && !this.#isClosed) {
      this.#isWantedAgain = false;
      await this.#turn();
      // A folder that cannot be written to keeps its mark, and does not hold up those behind it.
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

  /** One notice for all: they are thousands where a disk is full. */
  #note(failures: readonly string[]): void {
    const [first] = failures;
    if (first === undefined) return;
    const others = failures.length === 1 ? '' : ` So were ${failures.length - 1} other runs.`;
    this.#catalogue.notices.push(`${first}${others}`);
  }
}
