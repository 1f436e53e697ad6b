import type { Workspace } from './workspace.ts';

/** d rounded up to the kernels' tile width: the rows and columns of a matrix that `gram` adds to. */
export function paddedSize(d: number): number {
  return Math.ceil(d / 4) * 4;
}

/** Rows that `gram` is given at a time; packed, they and a few more stay in the cache. */
export const GRAM_ROWS = 256;

/** Copies the lower triangle of the padded matrix at `address` into a full symmetric [d, d], times `scale`. */
export function symmetricFrom(workspace: Workspace, address: number, d: number, scale: number): Float64Array {
  const padded = paddedSize(d);
  const from = workspace.view(address, padded * padded);
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) out[i * d + j] = out[j * d + i] = from[i * padded + j]! * scale;
  return out;
}
