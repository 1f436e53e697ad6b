import { setTimeout } from 'node:timers/promises';

/** The shortest interval between events that people watch. */
const intervalMs = 100;

/**
 * Turns work that reports its progress into a stream of at most ten reports a second, each the latest at that moment.
 * The value that the work ends with comes last. Stops the work if the stream is dropped or `signal` aborts. @throws
 * what the work throws.
 */
export async function* latestOf<T>(
  work: (tell: (news: T) => void, stop: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const dropped = new AbortController();
  const stop = signal ? AbortSignal.any([signal, dropped.signal]) : dropped.signal;
  let latest: T | undefined;
  let wake = () => {};
  const ended = work((news) => {
    latest = news;
    wake();
  }, stop);
  let isOver = false;
  // An error is thrown at the end; here it only wakes the loop.
  const settled = ended.then(
    () => undefined,
    () => undefined,
  );
  void settled.then(() => {
    isOver = true;
    wake();
  });
  try {
    for (;;) {
      if (isOver) break;
      const news = latest;
      if (news === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else {
        latest = undefined;
        yield news;
        await Promise.race([settled, setTimeout(intervalMs)]);
      }
    }
    yield await ended;
  } finally {
    dropped.abort();
  }
}
