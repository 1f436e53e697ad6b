/** Widest cell: all rows are padded to it, and what a shared run is called may be as long as a book. */
const mostWidth = 80;

/** Widest cell of the last column, which pads nothing: a truncated path is useless, and no path is longer on Linux. */
const mostLastWidth = 4096;

/**
 * Returns a plain text table: heads over columns, the first column to the left and numbers to the right. A cell is one
 * line, which ends with an ellipsis if the text does not fit into a row.
 */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  alignRight: readonly boolean[] = [],
): string {
  const fitting = (cells: readonly string[]) =>
    heads.map((_, column) => cellOf(cells[column] ?? '', column === heads.length - 1 ? mostLastWidth : mostWidth));
  const lines = [heads, ...rows].map(fitting);
  const widths = heads.map((_, column) => lines.reduce((width, cells) => Math.max(width, cells[column]!.length), 0));
  const [head, ...body] = lines.map((cells) =>
    cells
      .map((cell, column) => (alignRight[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return [head, widths.map((width) => '─'.repeat(width)).join('  '), ...body].join('\n');
}

function cellOf(text: string, most: number): string {
  // Half of a character of two units is none.
  const cut = text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
  return cut.replaceAll(/[\t\r\n]/g, ' ');
}
