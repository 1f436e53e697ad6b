/** Black (0) and white (1) fields of one pixel, `[size, size]` row by row; the one at the top left is white. */
export function checkerboard(size: number): number[] {
  return Array.from({ length: size * size }, (_, k) => ((Math.floor(k / size) + (k % size)) % 2 === 0 ? 1 : 0));
}
