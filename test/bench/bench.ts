/** Something measured: `run` sets up, repeats, and gives the median in `unit`. */
export interface Bench {
  name: string;
  unit: string;
  run(): Promise<number>;
}
