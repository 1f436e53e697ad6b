/** Resolves as `promise` does. @throws Error naming `what` where that takes longer than `ms`: it hangs. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${ms / 1000} s.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once `holds` returns true, which is asked every 50 ms. @throws Error as {@link within}. */
export async function until(ms: number, what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${ms / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
