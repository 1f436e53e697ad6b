import type { CupbearerError } from '../../shared/errors.ts';
import { toCupbearerError } from './client.ts';

/**
 * An answer that is asked for again whenever it may have changed: one question at a time, and with a pause between two. The
 * last answer stays until the next has come.
 */
export class Refreshed<T> {
  value = $state.raw<T>();
  failure = $state.raw<CupbearerError | null>(null);
  isComputing = $state(false);
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #pauseMs: number;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWanted = false;
  #askedAt = -Infinity;

  constructor(ask: (signal: AbortSignal) => Promise<T>, pauseMs: number) {
    this.#ask = ask;
    this.#pauseMs = pauseMs;
  }

  /** The answer may have changed: asks once the open question is answered and the pause is over. */
  refresh(): void {
    this.#isWanted = true;
    if (this.#abort || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.askNow(), Math.max(0, this.#askedAt + this.#pauseMs - Date.now()));
  }

  /** Something else is asked from now on: drops the open question and asks at once. */
  askNow(): void {
    this.drop();
    const abort = new AbortController();
    this.#abort = abort;
    this.#askedAt = Date.now();
    this.isComputing = true;
    void this.#answer(abort);
  }

  /** Wants no answer any more; the last one stays. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWanted = false;
    this.#abort?.abort();
    this.#abort = undefined;
    this.isComputing = false;
  }

  async #answer({ signal }: AbortController): Promise<void> {
    try {
      const value = await this.#ask(signal);
      if (signal.aborted) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (signal.aborted) return;
      this.failure = toCupbearerError(error);
    }
    this.#abort = undefined;
    this.isComputing = false;
    if (this.#isWanted) this.refresh();
  }
}
