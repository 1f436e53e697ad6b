import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { escapeHtml } from './notes.ts';
import type { ReportedFigure } from './report.ts';
import type { TextTable } from './tables.ts';

const style = readFileSync(fileURLToPath(new URL('./style.css', import.meta.url)), 'utf8');

/** Nothing is loaded from anywhere, nothing is sent, and neither scripts nor other styles count, whatever stands in the report. */
const policyWith = (styles: string) =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(styles).digest('base64')}'`,
    'img-src data:',
    'font-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** A whole page with `parts` in its body. */
export function htmlPage(title: string, parts: readonly string[]): string {
  const styles = `${fontFaces()}${style}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyWith(styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${styles}</style>
</head>
<body>
${parts.join('\n')}
</body>
</html>
`;
}

function fontFaces(): string {
  return (
    [
      ['Regular', 400],
      ['SemiBold', 600],
    ] as const
  )
    .map(([file, weight]) => {
      const bytes = readFileSync(fileURLToPath(new URL(`../../resources/fonts/Inter-${file}.woff2`, import.meta.url)));
      return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${bytes.toString('base64')}) format('woff2')}\n`;
    })
    .join('');
}

/** Plain text, with a blank line between paragraphs. */
export const paragraphs = (text: string) =>
  text
    .split(/\n\s*\n/)
    .map((part) => `<p>${escapeHtml(part)}</p>`)
    .join('');

/** `**` in a sentence of ours marks what the eye should land on. */
export const emphasised = (sentence: string) =>
  escapeHtml(sentence).replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>');

/** A table; nothing for none. */
export function tableHtml(table: TextTable | null): string {
  if (!table) return '';
  const { caption, head, numeric, rows } = table;
  const align = (i: number) => (numeric[i] ? ' class="n"' : '');
  const heads = head.map((text, i) => `<th scope="col"${align(i)}>${escapeHtml(text)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((text, i) => `<td${align(i)}>${escapeHtml(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** No figure of a page can take the place of what another refers to: each has `id` in its names. */
export function figureHtml({ svg, description }: ReportedFigure, id: string): string {
  const own = svg.replaceAll(/( id="| clip-path="url\(#)clip-/g, `$1clip-${id}-`);
  return `<figure role="img" aria-label="${escapeHtml(description)}">${own}<figcaption>${escapeHtml(description)}</figcaption></figure>`;
}
