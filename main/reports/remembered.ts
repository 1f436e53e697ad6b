const mostKnown = 20_000;

/**
 * Returns what `compute` returned for this key before, or returns now. While an experiment goes on, its page is asked for again
 * and again.
 */
export function remembered<T>(store: Map<string, T>, key: string, compute: () => T): T {
  const found = store.get(key);
  if (found !== undefined) return found;
  const value = compute();
  if (store.size >= mostKnown) store.clear();
  store.set(key, value);
  return value;
}
