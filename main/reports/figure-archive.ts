import { zipSync } from 'fflate';

/**
 * Files by their path as a zip. PNGs are compressed already and are stored as they are; times are left out, so that the same
 * figures give the same bytes.
 */
export function zipOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const entries = [...files].map(([path, bytes]) => [
    path,
    [bytes, { level: path.endsWith('.png') ? 0 : 6, mtime: new Date(1980, 0, 1) }] as const,
  ]);
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}
