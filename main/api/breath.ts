/** Resolves once the host has answered what else was waiting, between two parts of long work. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
