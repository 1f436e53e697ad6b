/** Progress events closer together than this are dropped; about ten a second are enough for people. */
const intervalMs = 100;

type Report = (phase: string, done: number, total: number, note?: string) => void;

/**
 * Passes on at most ten progress reports a second. The first and the last report of each phase always get through, and
 * so does the last one before a pause. A total of 0 means that it is not known.
 */
export function throttleProgress(
  report: Report,
  now: () => number = () => performance.now(),
): Report & { flush(): void } {
  let lastTime = -Infinity;
  let lastPhase = '';
  let held: Parameters<Report> | undefined;
  const flush = () => {
    if (held) report(...held);
    held = undefined;
  };
  const throttled = (...args: Parameters<Report>) => {
    const [phase, done, total] = args;
    if (phase !== lastPhase) flush();
    const isLast = total > 0 && done >= total;
    if (phase === lastPhase && !isLast && now() - lastTime < intervalMs) {
      held = args;
      return;
    }
    held = undefined;
    lastPhase = phase;
    lastTime = now();
    report(...args);
  };
  return Object.assign(throttled, { flush });
}
