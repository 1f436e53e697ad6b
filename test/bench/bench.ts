/** Something measured: `run` sets up on an engine (`auto` or an id), repeats, and gives the median in `unit`. */
export interface Bench {
  name: string;
  unit: string;
  run(engine: string): Promise<number>;
}
