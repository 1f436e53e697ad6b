/**
 * A median in the bench's unit, and the same by the processor's time (of all threads) in place of the clock's: what other work
 * on the machine does not change much.
 */
export interface Measured {
  value: number;
  processor?: number;
}

/** Something measured: `run` sets up on an engine (`auto` or an id), repeats, and gives the median. */
export interface Bench {
  name: string;
  unit: string;
  run(engine: string): Promise<Measured>;
}
