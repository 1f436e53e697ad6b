/** Resolves once the host has answered what else was waiting, between two parts of long work. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Items that are worked on without a breath: much work is a change that must be on the disk before the next. */
const mostAtOnce = 20;

/** Calls `work` with one slice of the items after another, and lets the host answer what else waits in between. */
export async function inSlices<T>(items: readonly T[], work: (slice: readonly T[]) => void): Promise<void> {
  for (let start = 0; start < items.length; start += mostAtOnce) {
    if (start > 0) await breath();
    work(items.slice(start, start + mostAtOnce));
  }
}
