import type { CatalogueEvent } from '../../../shared/domain/live.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';
import type { QueuedRuns } from './queued-runs.ts';
import type { RunSummaries } from './run-summaries.ts';

/** Number of runs in the first part, which the screen shows at once. */
const firstPart = 40;
/** Changes within this time are sent together. */
const debounceMs = 50;
/** Progress is sent at most ten times a second; nobody sees more. */
const liveMs = 100;
/** How often to check whether another process has changed the catalogue. */
const foreignMs = 1000;

/** What one watcher has yet to look at. Keeps no runs. */
class Watcher {
  /** Whether runs may have changed since it last looked. */
  isStale = false;
  isLiveNew = true;
  notices: string[] = [];
  #wake: () => void = () => undefined;

  notify(): void {
    this.#wake();
  }

  /** Resolves when there is something to send, or `signal` aborts. */
  async something(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.isStale || this.isLiveNew || this.notices.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

/** Sends all runs and every change to them, whichever process made it, to any number of watchers. */
export class RunFeed {
  readonly #catalogue: Catalogue;
  readonly #summaries: RunSummaries;
  readonly #runs: QueuedRuns;
  readonly #watchers = new Set<Watcher>();
  readonly #closed = new AbortController();
  readonly #forget: (() => void)[];
  #changeTimer: NodeJS.Timeout | undefined;
  #liveTimer: NodeJS.Timeout | undefined;
  #foreignTimer: NodeJS.Timeout | undefined;
  #seenRevision = 0;
  #notices = { catalogue: 0, runs: 0 };

  constructor(catalogue: Catalogue, summaries: RunSummaries, runs: QueuedRuns) {
    this.#catalogue = catalogue;
    this.#summaries = summaries;
    this.#runs = runs;
    this.#forget = [
      catalogue.onChange(() => {
        this.#changeTimer ??= setTimeout(() => this.#tellChanges(), debounceMs);
      }),
      runs.onChange(() => {
        this.#liveTimer ??= setTimeout(() => this.#tellLive(), liveMs);
      }),
    ];
  }

  /**
   * Yields all runs in parts, newest first, then every change, until `signal` aborts or the program ends. Each part is
   * read when the previous one has been taken, and other calls are answered in between.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<CatalogueEvent, void> {
    const watcher = new Watcher();
    this.#watchers.add(watcher);
    this.#lookForForeign();
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    try {
      // What changes while the first account is read may or may not be in it, so it is sent again.
      let { revision } = this.#catalogue;
      yield* this.#firstAccount(ended);
      watcher.isStale = true;
      for (;;) {
        await watcher.something(ended);
        if (ended.aborted) return;
        if (watcher.isStale) {
          watcher.isStale = false;
          revision = yield* this.#changesSince(revision, watcher, ended);
        }
        yield* this.#news(watcher);
      }
    } finally {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#stopLooking();
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const forget of this.#forget) forget();
    clearTimeout(this.#changeTimer);
    clearTimeout(this.#liveTimer);
    this.#stopLooking();
    this.#closed.abort();
  }

  async *#firstAccount(ended: AbortSignal): AsyncGenerator<CatalogueEvent, void> {
    // Runs are passed on as they are read and not held here: V8 moves what survives a few collections to old space, and
    // memory would grow by everything that is read.
    const sent = new Set<string>();
    yield this.#newest(sent);
    if (sent.size < firstPart) return;
    for (let from: number | null | undefined; from !== null;) {
      await breath();
      if (ended.aborted) return;
      const { runs, next } = this.#summaries.slice(from);
      from = next;
      yield { type: 'runs', runs: runs.filter(({ id }) => !sent.has(id)), complete: next === null };
    }
  }

  /** Returns the first part and adds its ids to `sent`. */
  #newest(sent: Set<string>): CatalogueEvent {
    const runs = this.#summaries.newest(firstPart);
    for (const { id } of runs) sent.add(id);
    return { type: 'runs', runs, complete: runs.length < firstPart };
  }

  /** Yields what has changed since a revision. Returns the revision reached. */
  async *#changesSince(revision: number, watcher: Watcher, ended: AbortSignal): AsyncGenerator<CatalogueEvent, number> {
    let told = revision;
    try {
      for (let isAll = false; !isAll && !ended.aborted;) {
        const changes = this.#summaries.changesSince(told);
        if (changes.removed.length > 0) yield { type: 'removed', ids: changes.removed };
        if (changes.changed.length > 0) yield { type: 'runs', runs: changes.changed, complete: true };
        ({ revision: told, isAll } = changes);
        if (!isAll) await breath();
      }
    } catch (error) {
      // The catalogue may be locked, for example. What was not sent goes with the next change.
      if (!(error instanceof CupbearerError)) throw error;
      watcher.notices.push(error.message);
    }
    return told;
  }

  *#news(watcher: Watcher): Generator<CatalogueEvent, void> {
    const { notices } = watcher;
    watcher.notices = [];
    for (const message of notices) yield { type: 'notice', message };
    if (watcher.isLiveNew) {
      watcher.isLiveNew = false;
      yield { type: 'live', live: this.#runs.live };
    }
  }

  #tellChanges(): void {
    this.#changeTimer = undefined;
    for (const watcher of this.#watchers) watcher.isStale = true;
    this.#tellNotices();
  }

  #tellLive(): void {
    this.#liveTimer = undefined;
    for (const watcher of this.#watchers) watcher.isLiveNew = true;
    this.#tellNotices();
  }

  /** Wakes all watchers, with notices that have not been sent yet. */
  #tellNotices(): void {
    const fresh = [
      ...this.#catalogue.notices.slice(this.#notices.catalogue),
      ...this.#runs.notices.slice(this.#notices.runs),
    ];
    this.#notices = { catalogue: this.#catalogue.notices.length, runs: this.#runs.notices.length };
    for (const watcher of this.#watchers) {
      watcher.notices.push(...fresh);
      watcher.notify();
    }
  }

  #lookForForeign(): void {
    if (this.#foreignTimer) return;
    this.#seenRevision = this.#catalogue.revision;
    this.#foreignTimer = setInterval(() => {
      try {
        const { revision } = this.#catalogue;
        if (revision === this.#seenRevision) return;
        this.#seenRevision = revision;
      } catch {
        // Locked at the moment; the next check will do.
        return;
      }
      this.#tellChanges();
    }, foreignMs);
    this.#foreignTimer.unref();
  }

  #stopLooking(): void {
    clearInterval(this.#foreignTimer);
    this.#foreignTimer = undefined;
  }
}
