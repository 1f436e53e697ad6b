/**
 * How long a way of working is looked at before it is judged, milliseconds of work. Windows tells a thread's time in steps of
 * 16 ms.
 */
const WINDOW_MS = process.platform === 'win32' ? 150 : 60;
/** Helpers that have just begun still compile: what is done so long after the first task, milliseconds, says nothing of them. */
const WARM_UP_MS = 200;
/** One thread cannot do more work than this in its time: helpers that bring it are worth it without a comparison. */
const CERTAIN = 1.1;
/** By how much helpers must be faster than the caller alone. */
const LEAST_GAIN = 1.05;
/** For how long a verdict holds, first and at most: it doubles each time that it is found again. */
const FIRST_HOLD_MS = 100;
const LONGEST_HOLD_MS = 4000;

type Way = 'together' | 'alone';

/**
 * Finds out while working whether helpers are worth it. On a machine whose processors have other work, a helper may be stopped
 * in the middle of a part while the caller waits for it, or take the processor from the caller itself. So now and then, where
 * helpers bring little, what is done in a given time with them is compared with what is done without.
 */
export class Worth {
  #way: Way = 'together';
  #warmAt: number | undefined;
  #workMs = 0;
  #wallMs = 0;
  readonly #rates: Record<Way, number> = { together: 0, alone: 0 };
  /** The way that a comparison goes out from; undefined while none is on. */
  #comparedWith: Way | undefined;
  #holdMs = FIRST_HOLD_MS;
  #heldUntil = -Infinity;

  /** Whether helpers are to be asked. */
  get isWorthIt(): boolean {
    return this.#way === 'together';
  }

  /** Takes down a task that was done in the way last asked for: the processor time it takes, all threads together, and the clock's. */
  add(workMs: number, wallMs: number, nowMs: number): void {
    this.#warmAt ??= nowMs + WARM_UP_MS;
    if (nowMs < this.#warmAt) return;
    this.#workMs += workMs;
    this.#wallMs += wallMs;
    if (this.#wallMs < WINDOW_MS) return;
    this.#rates[this.#way] = this.#workMs / this.#wallMs;
    this.#workMs = this.#wallMs = 0;
    this.#judge(nowMs);
  }

  #judge(nowMs: number): void {
    const { together, alone } = this.#rates;
    if (this.#way === 'together' && together >= CERTAIN) {
      this.#comparedWith = undefined;
      this.#holdMs = FIRST_HOLD_MS;
    } else if (this.#comparedWith !== undefined) {
      const better = together > LEAST_GAIN * alone ? 'together' : 'alone';
      this.#holdMs = better === this.#comparedWith ? Math.min(LONGEST_HOLD_MS, 2 * this.#holdMs) : FIRST_HOLD_MS;
      this.#heldUntil = nowMs + this.#holdMs;
      this.#way = better;
      this.#comparedWith = undefined;
    } else if (nowMs >= this.#heldUntil) {
      this.#comparedWith = this.#way;
      this.#way = this.#way === 'together' ? 'alone' : 'together';
    }
  }
}
