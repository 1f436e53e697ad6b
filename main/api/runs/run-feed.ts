import type { CatalogueEvent } from '../../../shared/domain/live.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import { breath } from '../breath.ts';
import type { QueuedRuns } from './queued-runs.ts';
import type { RunSummaries } from './run-summaries.ts';

/** Runs of the first part, which is on the screen at once. */
const firstPart = 40;
/** Changes that come in a burst are told together. */
const debounceMs = 50;
/** Ten times a second is as often as anybody sees. */
const liveMs = 100;
/** How often is looked whether another process has changed the catalogue. */
const foreignMs = 1000;

/** What one watcher is to look at; of the runs themselves nothing is kept for it. */
class Watcher {
  /** Whether runs may have changed since it looked last. */
  isStale = false;
  isLiveNew = true;
  notices: string[] = [];
  #wake: () => void = () => undefined;

  notify(): void {
    this.#wake();
  }

  /** Resolves once there is something to tell, or `signal` is given. */
  async something(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.isStale || this.isLiveNew || this.notices.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

/** Tells any number of watchers of all runs and of every change to them, whoever made it. */
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
   * All runs, in parts of which the newest come first, then changes, until `signal` is given or the program ends. Each part
   * is read when the one before was taken, and other calls are answered in between.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<CatalogueEvent, void> {
    const watcher = new Watcher();
    this.#watchers.add(watcher);
    this.#lookForForeign();
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    try {
      // What changes while the first account is read may be in it or not: it is told again.
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
    // Runs are handed over as they are read and not held here: V8 takes what lives through a few collections for lasting, and
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

  /** The first part, whose ids are added to `sent`. */
  #newest(sent: Set<string>): CatalogueEvent {
    const runs = this.#summaries.newest(firstPart);
    for (const { id } of runs) sent.add(id);
    return { type: 'runs', runs, complete: runs.length < firstPart };
  }

  /** Tells what has changed since a revision, and gives the one up to which it was told. */
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
      // Locked just now, for example. What was not told is told with the next change.
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

  /** Wakes all watchers, with what a person should know that none of them was told yet. */
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
        // Locked just now; the next look will tell.
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
