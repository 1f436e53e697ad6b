import { toErrorRecord } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';

/** Lets `run.json` of many runs follow the catalogue, one after another, while the host answers others. */
export class FolderFollower {
  readonly #catalogue: Catalogue;
  #going: Promise<void> | undefined;
  #isWantedAgain = false;
  #isClosed = false;

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

  /** Leaves the rest to the next start. Resolves when nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#going;
  }

  async #all(): Promise<void> {
    while (this.#isWantedAgain && !this.#isClosed) {
      this.#isWantedAgain = false;
      await breath();
      // A folder that cannot be written to keeps its mark, and does not hold up those behind it.
      const failures: string[] = [];
      for (let place = 0; !this.#isClosed; await breath()) {
        const next = this.#catalogue.mirrorNext(place);
        if (!next) break;
        place = next.place;
        if (next.failure !== undefined) failures.push(next.failure);
      }
      this.#note(failures);
    }
  }

  /** One notice for all: they are thousands where a disk is full. */
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
