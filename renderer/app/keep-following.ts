const retryMs = 1000;

/** Follows a stream until the signal says to stop; starts again when it ends or breaks. */
export async function keepFollowing(
  signal: AbortSignal,
  follow: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow(signal);
    } catch {
      // The connection says that it is lost; what is shown stays until the next account has come.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}
