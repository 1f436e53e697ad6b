type Listener = (phase: string, done: number, total: number) => void;

/** Ten a second are more than anybody sees. */
const intervalMs = 100;

let listener: Listener | undefined;
let last = -Infinity;

/**
 * Tells the program how far a long computation is: `done` of `total`. Passes over data report by themselves. A plugin that
 * reports nothing for ten minutes is taken for one that hangs.
 */
export function reportProgress(phase: string, done: number, total: number): void {
  const now = performance.now();
  if (done < total && now - last < intervalMs) return;
  last = now;
  listener?.(phase, done, total);
}

/** Sets who hears of progress: the process that runs plugins. */
export function onProgress(heard: Listener): void {
  listener = heard;
}
