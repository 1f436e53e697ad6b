import MarkdownIt, { type RendererRule, type Token } from 'markdown-it';

/** Text as it may stand in HTML, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Begins an address that a reader may be sent to, as a regular expression; others (`javascript:`, `data:`) stay text. */
export const safeScheme = '(?:https?:|mailto:)';
const safeAddress = new RegExp(`^${safeScheme}`, 'i');

/** Beyond this, or nested more deeply than {@link mostLevels}, notes are shown as they were typed. */
const mostCharacters = 100_000;

/** Lists and quotes within one another; the parser leaves out what lies deeper. */
const mostLevels = 100;

/**
 * Markdown without raw HTML, which is text like any other: what looks like an element is shown as it was typed. The parser's time
 * grows with the length of the notes, whatever they are.
 */
const markdown = new MarkdownIt({ html: false, linkify: true, maxNesting: mostLevels });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Every address is parsed, and a bad one is taken out below: its words stay.
markdown.validateLink = () => true;

/** What is written around text that comes from the notes; all of that text is escaped. */
const code = (text: string) => `<pre><code>${escapeHtml(text)}</code></pre>\n`;
Object.assign(markdown.renderer.rules, {
  code_block: (tokens, at) => code(tokens[at]!.content),
  fence: (tokens, at) => code(tokens[at]!.content),
  code_inline: (tokens, at) => `<code>${escapeHtml(tokens[at]!.content)}</code>`,
  // Pictures would need the network.
  image: (tokens, at) => escapeHtml(tokens[at]!.content),
} satisfies Record<string, RendererRule>);

/** Leaves of tags and attributes only what {@link notesHtml} is known to write. */
function restrict(tokens: readonly Token[]): void {
  for (const [at, token] of tokens.entries()) {
    const align = /^text-align:(left|center|right)$/.exec(String(token.attrGet('style')))?.[1];
    if (token.type === 's_open' || token.type === 's_close') token.tag = 'del';
    if (token.type === 'link_open') restrictLink(tokens, at);
    else if (token.type === 'ordered_list_open') token.attrs = only('start', token.attrGet('start'));
    else token.attrs = only('align', align);
    if (tokens[at - 2]?.type === 'list_item_open') markTask(token);
    if (token.children) restrict(token.children);
  }
}

function only(name: string, value: string | number | null | undefined): [string, string][] | null {
  return value === null || value === undefined ? null : [[name, String(value)]];
}

function restrictLink(tokens: readonly Token[], at: number): void {
  const open = tokens[at]!;
  const address = String(open.attrGet('href'));
  open.attrs = [
    ['href', address],
    ['rel', 'noopener noreferrer'],
  ];
  if (safeAddress.test(address)) return;
  // Links do not stand within one another, so that the next end is its own.
  const end = tokens.find(({ type }, later) => later > at && type === 'link_close');
  open.hidden = true;
  if (end) end.hidden = true;
}

/** Turns the "[x]" at the beginning of an entry of a list into a box. */
function markTask({ type, children }: Token): void {
  const first = type === 'inline' ? children?.[0] : undefined;
  if (first?.type === 'text')
    first.content = first.content.replace(/^\[([ xX])\](?= )/, (_, mark) => (mark === ' ' ? '☐' : '☑'));
}

/** Returns Markdown as HTML that can do nothing but be read, whoever wrote it. */
export function notesHtml(notes: string): string {
  const tokens = notes.length <= mostCharacters ? markdown.parse(notes, {}) : undefined;
  if (!tokens || tokens.some(({ level }) => level >= mostLevels - 1)) return `<pre>${escapeHtml(notes)}</pre>\n`;
  restrict(tokens);
  return markdown.renderer.render(tokens, markdown.options, {});
}
