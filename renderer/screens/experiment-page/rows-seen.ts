/** Px from one row of a matrix to the next: a cell and the gap below it. */
export const rowHeight = 48;
/** Rows or columns that are drawn before and after those that are seen, so that scrolling finds them there. */
const spare = 4;
/** Px that are assumed until the size of the place is known. */
const usualSize = 600;

/** Rows or columns from the first to before `to`. */
export interface Seen {
  from: number;
  to: number;
}

/** Returns which of `count` rows or columns, each `pitch` px after the one before, are drawn, by how far they are scrolled. */
export function seenOf(count: number, pitch: number, scrolled: number, size: number): Seen {
  const first = Math.floor(scrolled / pitch) - spare;
  const last = Math.ceil((scrolled + (size || usualSize)) / pitch) + spare;
  return { from: Math.min(Math.max(0, first), Math.max(0, count - 1)), to: Math.min(count, Math.max(1, last)) };
}
