import MarkdownIt from 'markdown-it';
import { safeScheme } from '../../shared/notes.ts';

/** What has a meaning in Markdown, also in tables, and what viewers turn into links of their own. */
const special = /[\\`*[\]<>|$~#@]|(?<![a-z\d])_|_(?![a-z\d])|&(?=#?\w+;)|:(?=\/\/)|(?<=www)\./gi;

/** Returns text as Markdown that shows it as it is, on one line: nothing in it is markup, HTML or a link. */
export function markdownText(text: string): string {
  return text.replaceAll(/[ \t\n\v\f\r\u2028\u2029]+/g, ' ').replaceAll(special, '\\$&');
}

/** Returns a sentence of ours as Markdown: `**` marks what the eye should land on, all else is text. */
export function markdownSentence(sentence: string): string {
  return sentence
    .split(/\*\*(.+?)\*\*/)
    .map((part, i) => (i % 2 === 0 ? markdownText(part) : `**${markdownText(part)}**`))
    .join('');
}

/** Addresses that a reader may be sent to, as {@link foreignMarkdown} lets them stand. */
const safeAddress = `<?${safeScheme}`;
const rawHtml = new RegExp(`<(?!${safeScheme}[^\\s<>]*>)`, 'gi');
const unsafeLink = new RegExp(`\\]\\((?!\\s{0,9}${safeAddress})`, 'gi');
const definition = new RegExp(`(\\[((?:\\\\.|[^[\\]\\\\]){0,999})\\]):(?=(\\s{0,9}${safeAddress})?)`, 'gi');

/** Longer notes are shown as they were typed. */
const mostCharacters = 100_000;

const viewer = new MarkdownIt();

/**
 * Returns Markdown that somebody else may have written, tamed: its raw HTML is shown as it was typed, it has no pictures and
 * leads to `https:`, `http:` and `mailto:` addresses alone, and it cannot say what the `labels` of the text around it (in lower
 * case) lead to. Notes that would take in what follows them, as an open block of code does, are shown as they were typed.
 */
export function foreignMarkdown(notes: string, labels: ReadonlySet<string>): string {
  if (notes.length > mostCharacters) return fenced('', notes);
  const tamed = notes
    .replaceAll(rawHtml, '&lt;')
    .replaceAll('![', '!\\[')
    .replaceAll(unsafeLink, ']\\(')
    .replaceAll(definition, (whole, bracketed: string, label: string, address?: string) =>
      // Markdown takes letters for the same that are so in either case: the long s, the Kelvin sign.
      address === undefined || labels.has(label.trim().toUpperCase().toLowerCase()) ? `${bracketed}&#58;` : whole,
    );
  return endsByItself(tamed) ? tamed : fenced('', notes);
}

/** Whether a heading behind these notes is a heading, also to viewers that take their beginning for something else. */
function endsByItself(notes: string): boolean {
  if (hasOpenFence(notes)) return false;
  const [open, inline] = viewer.parse(`${notes}\n\n### end`, {}).slice(-3);
  return open?.type === 'heading_open' && open.level === 0 && inline?.content === 'end';
}

/** Whether a block of code has no end, counting every line that could begin or end one. */
function hasOpenFence(notes: string): boolean {
  let open: string | undefined;
  for (const [, fence, rest] of notes.matchAll(/^[ \t>*+\-\d.)]{0,200}(`{3,}|~{3,})(.*)$/gm)) {
    if (open === undefined) open = fence!;
    else if (fence!.startsWith(open) && rest!.trim() === '') open = undefined;
  }
  return open !== undefined;
}

/** Returns a block of code, whatever is in it. */
export function fenced(language: string, code: string): string {
  let longest = 2;
  for (const [ticks] of code.matchAll(/`+/g)) longest = Math.max(longest, ticks.length);
  // A fence must be longer than any run of backticks inside.
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}
