import { markdownText } from './markdown-text.ts';
import type { ReportedFigure } from './report.ts';
import type { TextTable } from './tables.ts';

/** A table as GitHub's Markdown has it. */
export function tableText({ caption, head, numeric, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  const rule = `|${numeric.map((isNumeric) => (isNumeric ? '---:' : '---')).join('|')}|`;
  return [`*${markdownText(caption)}*`, '', line(head), rule, ...rows.map(line)].join('\n');
}

/** A figure by the name that the text knows it by, and as an address that holds all of it. */
export interface LinkedFigure {
  label: string;
  description: string;
  data: string;
}

/** The figure in its place in the text. */
export const shown = ({ label, description }: LinkedFigure) => `![${description}][${label}]`;

/** Within brackets only plain characters mean nothing, and what has been made plain may be alike. */
export function linked(
  name: string,
  words: string,
  type: string,
  bytes: Uint8Array,
  labels: Set<string>,
): LinkedFigure {
  let label = name.replaceAll(/[^\w.-]/g, '-');
  while (labels.has(label.toLowerCase())) label += '-';
  labels.add(label.toLowerCase());
  return {
    label,
    description: markdownText(words),
    data: `data:${type};base64,${Buffer.from(bytes).toString('base64')}`,
  };
}

/** A chart, linked. */
export const chart = (name: string, { description, svg }: ReportedFigure, labels: Set<string>) =>
  linked(name, description, 'image/svg+xml', Buffer.from(svg), labels);
