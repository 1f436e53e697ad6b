/** Returns a signal that aborts on Ctrl-C or SIGTERM. A second Ctrl-C ends the process at once. */
export function abortOnInterrupt(onFirst: () => void): { signal: AbortSignal; release(): void } {
  const abort = new AbortController();
  const onInterrupt = () => {
    if (abort.signal.aborted) process.exit(130);
    onFirst();
    abort.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  return {
    signal: abort.signal,
    release() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onInterrupt);
    },
  };
}
