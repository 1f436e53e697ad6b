/** Lets the host answer other calls between two parts of long work. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Items handled before other calls get a turn. Each is often a change that must reach the disk before the next. */
const mostAtOnce = 20;

/** Calls `work` with one slice of the items after another, and lets the host answer other calls in between. */
export async function inSlices<T>(items: readonly T[], work: (slice: readonly T[]) => void): Promise<void> {
  for (let start = 0; start < items.length; start += mostAtOnce) {
    if (start > 0) await breath();
    work(items.slice(start, start + mostAtOnce));
  }
}
