/** A row of a table; null is an empty cell. */
export type CsvRow = readonly (string | number | null)[];

/**
 * Spreadsheets take a text that begins with one of these for a formula; the wide forms too, and whatever space is
 * before it.
 */
const formula = /^[\s\0]*[=+\-@＝＋－＠]|^[\t\r\n\0]/;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Returns a table as CSV (RFC 4180, lines end in LF). A text that a spreadsheet would compute (`=HYPERLINK(…)`) has an
 * apostrophe in front and is shown as it is; numbers stay numbers.
 */
export function csvText(rows: readonly CsvRow[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

/**
 * Returns a table as tab-separated values, as spreadsheets take it from the clipboard: a row a line, texts on one line,
 * and formulas as {@link csvText} has them.
 */
export function tsvText(rows: readonly CsvRow[]): string {
  const onOneLine = (value: string | number | null) =>
    typeof value === 'string' ? value.replaceAll(/[\s\0]+/g, ' ') : value;
  // Programs that read quotes at all read them as in CSV.
  const plain = (value: string | number | null) =>
    typeof value === 'string' && !value.includes('"') ? guarded(value) : field(value);
  return rows.map((row) => `${row.map((value) => plain(onOneLine(value))).join('\t')}\n`).join('');
}

function guarded(text: string): string {
  return formula.test(text) && !number.test(text) ? `'${text}` : text;
}

function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = guarded(value);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
