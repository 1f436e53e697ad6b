import { Marked, type RendererObject } from 'marked';

/** Text as it may stand in HTML, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** The same, but what Markdown writes as `&copy;` stays the sign: no such reference can begin an element. */
function escapeWords(text: string): string {
  return escapeHtml(text).replaceAll(/&amp;(#\d{1,7};|#[Xx][\da-fA-F]{1,6};|\w+;)/g, '&$1');
}

/** Addresses that a reader may be sent to; anything else (`javascript:`, `data:`, `file:`) stays text. */
const safeAddress = /^(https?:|mailto:)/i;

/** Beyond this, or nested too deeply, notes are shown as they were typed. */
const mostCharacters = 100_000;

/** Every element and attribute that notes may become is written here; none takes text that is not escaped. */
const renderer: RendererObject = {
  heading({ depth, tokens }) {
    return `<h${depth}>${this.parser.parseInline(tokens)}</h${depth}>\n`;
  },
  paragraph({ tokens }) {
    return `<p>${this.parser.parseInline(tokens)}</p>\n`;
  },
  blockquote({ tokens }) {
    return `<blockquote>${this.parser.parse(tokens)}</blockquote>\n`;
  },
  code: ({ text }) => `<pre><code>${escapeHtml(text)}</code></pre>\n`,
  list({ ordered, start, items }) {
    const body = items.map((item) => this.listitem(item)).join('');
    if (!ordered) return `<ul>${body}</ul>\n`;
    return Number(start) === 1 ? `<ol>${body}</ol>\n` : `<ol start="${Number(start)}">${body}</ol>\n`;
  },
  listitem({ tokens }) {
    return `<li>${this.parser.parse(tokens)}</li>\n`;
  },
  checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  table({ header, rows }) {
    const row = (cells: typeof header) => `<tr>${cells.map((cell) => this.tablecell(cell)).join('')}</tr>\n`;
    return `<table><thead>${row(header)}</thead><tbody>${rows.map(row).join('')}</tbody></table>\n`;
  },
  tablecell({ header, align, tokens }) {
    const name = header ? 'th' : 'td';
    return `<${name}${align ? ` align="${align}"` : ''}>${this.parser.parseInline(tokens)}</${name}>`;
  },
  hr: () => '<hr>\n',
  br: () => '<br>',
  strong({ tokens }) {
    return `<strong>${this.parser.parseInline(tokens)}</strong>`;
  },
  em({ tokens }) {
    return `<em>${this.parser.parseInline(tokens)}</em>`;
  },
  del({ tokens }) {
    return `<del>${this.parser.parseInline(tokens)}</del>`;
  },
  codespan: ({ text }) => `<code>${escapeHtml(text)}</code>`,
  link({ href, tokens }) {
    const words = this.parser.parseInline(tokens);
    return safeAddress.test(href) ? `<a href="${escapeHtml(href)}" rel="noopener noreferrer">${words}</a>` : words;
  },
  // Pictures would need the network.
  image: ({ text }) => escapeHtml(text),
  text(token) {
    return 'tokens' in token && token.tokens ? this.parser.parseInline(token.tokens) : escapeWords(token.text);
  },
  html: ({ text }) => escapeHtml(text),
};

/** Markdown without its raw HTML, which is text like any other: what looks like an element is shown as it was typed. */
const markdown = new Marked({
  gfm: true,
  renderer,
  tokenizer: { html: () => undefined, tag: () => undefined },
});

/** Returns Markdown as HTML that can do nothing but be read, whoever wrote it. */
export function notesHtml(notes: string): string {
  if (notes.length <= mostCharacters) {
    try {
      return markdown.parse(notes, { async: false });
    } catch (error) {
      // Nested so deeply that there is no stack for it.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return `<pre>${escapeHtml(notes)}</pre>\n`;
}
