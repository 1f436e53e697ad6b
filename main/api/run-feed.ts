import type { CatalogueEvent, RunSummary } from '../../shared/domain/live.ts';
import { toErrorRecord } from '../../shared/errors.ts';
import type { Catalogue } from '../storage/catalogue.ts';
import type { QueuedRuns } from './queued-runs.ts';
import type { RunSummaries } from './run-summaries.ts';

/** Runs of the first part, which is on the screen at once, and of each further one. */
const firstPart = 200;
const furtherPart = 1000;
/** Changes that come in a burst are told together. */
const debounceMs = 50;
/** Ten times a second is as often as anybody sees. */
const liveMs = 100;
/** How often is looked whether another process has changed the catalogue. */
const foreignMs = 1000;

/** What one watcher has not been told yet; a run that changes twice is told once. */
class Pending {
  readonly changed = new Map<string, RunSummary>();
  readonly removed = new Set<string>();
  notices: string[] = [];
  isLiveNew = true;
  #wake: () => void = () => undefined;

  notify(): void {
    this.#wake();
  }

  /** Kept once there is something to tell, or `signal` is given. */
  async something(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.changed.size + this.removed.size + this.notices.length > 0 || this.isLiveNew) return;
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
  readonly #watchers = new Set<Pending>();
  readonly #stale = new Set<string>();
  readonly #closed = new AbortController();
  readonly #forget: (() => void)[];
  #changeTimer: NodeJS.Timeout | undefined;
  #liveTimer: NodeJS.Timeout | undefined;
  #foreignTimer: NodeJS.Timeout | undefined;
  #foreignVersion = 0;
  #notices = { catalogue: 0, runs: 0 };

  constructor(catalogue: Catalogue, summaries: RunSummaries, runs: QueuedRuns) {
    this.#catalogue = catalogue;
    this.#summaries = summaries;
    this.#runs = runs;
    this.#forget = [
      catalogue.onChange((ids) => {
        for (const id of ids) this.#stale.add(id);
        this.#changeTimer ??= setTimeout(() => this.#tellChanges(), debounceMs);
      }),
      runs.onChange(() => {
        this.#liveTimer ??= setTimeout(() => this.#tellLive(), liveMs);
      }),
    ];
  }

  /** All runs, newest first and in parts, then changes, until `signal` is given or the program ends. */
  async *watch(signal: AbortSignal): AsyncGenerator<CatalogueEvent, void> {
    const pending = new Pending();
    this.#watchers.add(pending);
    this.#lookForForeign();
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    try {
      yield* this.#firstAccount(ended);
      for (;;) {
        await pending.something(ended);
        if (ended.aborted) return;
        yield* this.#news(pending);
      }
    } finally {
      this.#watchers.delete(pending);
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
    const first = this.#summaries.newest(firstPart);
    const isAll = first.length < firstPart;
    yield { type: 'runs', runs: first, complete: isAll };
    if (isAll) return;
    // What is read now may be newer than what was sent; what changes from here on waits in `pending`.
    const all = this.#summaries.all();
    const rest = [...all.slice(firstPart), ...all.slice(0, firstPart).filter((run, i) => run !== first[i])];
    for (let at = 0; at < rest.length || at === 0; at += furtherPart) {
      // A breath between two parts, so that other calls are not kept waiting.
      await new Promise((resolve) => setImmediate(resolve));
      if (ended.aborted) return;
      yield { type: 'runs', runs: rest.slice(at, at + furtherPart), complete: at + furtherPart >= rest.length };
    }
  }

  *#news(pending: Pending): Generator<CatalogueEvent, void> {
    if (pending.removed.size > 0) {
      const ids = [...pending.removed];
      pending.removed.clear();
      yield { type: 'removed', ids };
    }
    if (pending.changed.size > 0) {
      const runs = [...pending.changed.values()];
      pending.changed.clear();
      yield { type: 'runs', runs, complete: true };
    }
    const notices = pending.notices;
    pending.notices = [];
    for (const message of notices) yield { type: 'notice', message };
    if (pending.isLiveNew) {
      pending.isLiveNew = false;
      yield { type: 'live', live: this.#runs.live };
    }
  }

  #tellChanges(): void {
    this.#changeTimer = undefined;
    const ids = [...this.#stale];
    this.#stale.clear();
    this.#refresh(ids);
  }

  #tellLive(): void {
    this.#liveTimer = undefined;
    for (const pending of this.#watchers) {
      pending.isLiveNew = true;
      pending.notify();
    }
    this.#tellNotices();
  }

  #refresh(ids?: readonly string[]): void {
    try {
      const { changed, removed } = this.#summaries.refresh(ids);
      for (const pending of this.#watchers) {
        for (const run of changed) {
          pending.changed.set(run.id, run);
          pending.removed.delete(run.id);
        }
        for (const id of removed) {
          pending.removed.add(id);
          pending.changed.delete(id);
        }
        pending.notify();
      }
    } catch (error) {
      this.#tellAll(toErrorRecord(error).message);
    }
    this.#tellNotices();
  }

  #tellNotices(): void {
    const fresh = [
      ...this.#catalogue.notices.slice(this.#notices.catalogue),
      ...this.#runs.notices.slice(this.#notices.runs),
    ];
    this.#notices = { catalogue: this.#catalogue.notices.length, runs: this.#runs.notices.length };
    for (const message of fresh) this.#tellAll(message);
  }

  #tellAll(message: string): void {
    for (const pending of this.#watchers) {
      pending.notices.push(message);
      pending.notify();
    }
  }

  #lookForForeign(): void {
    if (this.#foreignTimer) return;
    this.#foreignVersion = this.#catalogue.foreignVersion;
    this.#foreignTimer = setInterval(() => {
      try {
        const version = this.#catalogue.foreignVersion;
        if (version === this.#foreignVersion) return;
        this.#foreignVersion = version;
      } catch {
        // Locked just now; the next look will tell.
        return;
      }
      this.#refresh();
    }, foreignMs);
    this.#foreignTimer.unref();
  }

  #stopLooking(): void {
    clearInterval(this.#foreignTimer);
    this.#foreignTimer = undefined;
  }
}
