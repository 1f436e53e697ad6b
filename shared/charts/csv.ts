import type { ChartTable } from './chart.ts';

function field(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A chart's numbers as CSV (RFC 4180, lines end in LF, null is empty). */
export function tableToCsv({ header, rows }: ChartTable): string {
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('');
}
