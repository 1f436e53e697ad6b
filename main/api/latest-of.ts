import { setTimeout } from 'node:timers/promises';

/** Events that a person sees need not come more often than this. */
const intervalMs = 100;

/**
 * Turns work that tells how far it is into a stream of its news, at most ten a second, of which the latest is given when
 * there are more; the value that the work ends with comes last. Where the stream is dropped, or `signal` given, the work
 * is told to stop. @throws what the work throws.
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
  // What it throws is thrown at the end; this only wakes the loop.
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
