/** Px from one row of a matrix to the next: a cell and the gap below it. */
export const rowHeight = 48;
/** Rows that are drawn above and below those that are seen, so that scrolling finds them there. */
const spare = 4;
/** Px that are assumed until the height of the place is known. */
const usualHeight = 600;

/** Returns which rows of a matrix are drawn, from the first to before `to`, by how far it is scrolled. */
export function rowsSeen(count: number, scrolled: number, height: number): { from: number; to: number } {
  const first = Math.floor(scrolled / rowHeight) - spare;
  const last = Math.ceil((scrolled + (height || usualHeight)) / rowHeight) + spare;
  return { from: Math.min(Math.max(0, first), Math.max(0, count - 1)), to: Math.min(count, Math.max(1, last)) };
}
