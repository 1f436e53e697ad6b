/** How far a phase of a run is, and when it should finish. */
interface PhaseState {
  phase: string;
  done: number;
  total: number;
  note: string | null;
  /** Estimated from the rate so far; null until that is known. */
  remainingMs: number | null;
}

/** A rate measured over less time than this would fluctuate too much. */
const leastMs = 1000;

/** Tracks the progress of one run and measures the rate of its current phase. */
export class PhaseProgress {
  state: PhaseState = { phase: '', done: 0, total: 0, note: null, remainingMs: null };
  readonly #now: () => number;
  /** Progress of the phase when it was first reported; a resumed training does not start at zero. */
  #first = { time: 0, done: 0 };

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  update(phase: string, done: number, total: number, note?: string): void {
    const time = this.#now();
    if (phase !== this.state.phase || done < this.state.done) this.#first = { time, done };
    const [elapsed, advanced] = [time - this.#first.time, done - this.#first.done];
    const isKnown = elapsed >= leastMs && advanced > 0;
    const remainingMs = isKnown ? (elapsed / advanced) * Math.max(0, total - done) : null;
    this.state = { phase, done, total, note: note ?? null, remainingMs };
  }
}
