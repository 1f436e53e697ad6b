/** A median in the bench's unit; of times also the processor's, of all threads: what other work on the machine does not change much. */
export interface Measured {
  value: number;
  processorMs?: number;
}

/** Something measured: `run` sets up on an engine (`auto` or an id), repeats, and gives the median. */
export interface Bench {
  name: string;
  unit: string;
  run(engine: string): Promise<Measured>;
}
