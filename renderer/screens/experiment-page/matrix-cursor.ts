/** Where keys are in a matrix: a line as it is shown, -1 for the heads, and a column; the heads have more, those of mean and rank. */
export interface Cursor {
  line: number;
  column: number;
}

/** Returns where a key takes the cursor in a matrix of this size, undefined for a key that moves nothing. */
export function cursorAfter(
  key: string,
  { line, column }: Cursor,
  { lines, columns, heads }: { lines: number; columns: number; heads: number },
): Cursor | undefined {
  const at = (nextLine: number, nextColumn: number): Cursor => {
    const inside = Math.min(Math.max(nextLine, -1), lines - 1);
    return { line: inside, column: Math.min(Math.max(nextColumn, 0), inside === -1 ? heads - 1 : columns - 1) };
  };
  switch (key) {
    case 'ArrowLeft':
      return at(line, column - 1);
    case 'ArrowRight':
      return at(line, column + 1);
    case 'ArrowUp':
      return at(line - 1, column);
    case 'ArrowDown':
      return at(line + 1, column);
    case 'Home':
      return at(line, 0);
    case 'End':
      return at(line, columns);
    case 'PageUp':
      return at(Math.min(line, 0), column);
    case 'PageDown':
      return at(lines - 1, column);
    default:
      return undefined;
  }
}
