import { CupbearerError } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { markInThread } from '../../storage/catalogue-in-thread.ts';
import type { MarksChange } from '../../storage/run-marks.ts';
import type { FolderFollower } from './folder-follower.ts';

/** Up to this many runs are marked without a thread: it takes a millisecond or two, starting a thread a hundred. */
const mostHere = 50;

/** Marks runs (tags, notes, pins, the archive), one change after another, and has their folders follow. */
export class Marking {
  readonly #catalogue: Catalogue;
  readonly #follower: FolderFollower;
  readonly #inThread: typeof markInThread;
  #last: Promise<void> = Promise.resolve();

  constructor(catalogue: Catalogue, follower: FolderFollower, inThread = markInThread) {
    this.#catalogue = catalogue;
    this.#follower = follower;
    this.#inThread = inThread;
  }

  /**
   * Changes all of these runs or none, after the changes that were asked for before. @throws CupbearerError as
   * `Catalogue.mark`.
   */
  async mark(ids: readonly string[], change: MarksChange): Promise<void> {
    const marking = this.#last.then(() => this.#mark(ids, change));
    this.#last = marking.catch(() => undefined);
    return marking;
  }

  /** Resolves when no change is in progress. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #mark(ids: readonly string[], change: MarksChange): Promise<void> {
    if (ids.length <= mostHere) this.#catalogue.mark(ids, change);
    else {
      await this.#follower.pausedDuring(() => this.#markMany(ids, change));
      this.#catalogue.tell();
    }
    this.#follower.follow();
  }

  async #markMany(ids: readonly string[], change: MarksChange): Promise<void> {
    try {
      await this.#inThread({ path: this.#catalogue.path, ids, change });
    } catch (error) {
      if (error instanceof CupbearerError) throw error;
      // The thread could not start, or ended; whether it was done already makes no difference to the outcome.
      this.#catalogue.mark(ids, change);
    }
  }
}
