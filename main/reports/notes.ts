import { Marked } from 'marked';

/** Text as it may stand in HTML, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Addresses that a reader may be sent to; anything else (`javascript:`, `data:`, `file:`) stays text. */
const safeAddress = /^(https?:|mailto:)/i;

/** Markdown of a user's own. Raw HTML is shown as it was typed, and pictures, which would need the network, as their words. */
const markdown = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    link({ href, tokens }) {
      const words = this.parser.parseInline(tokens);
      return safeAddress.test(href) ? `<a href="${escapeHtml(href)}" rel="noopener noreferrer">${words}</a>` : words;
    },
  },
});

/** A user's Markdown as HTML that can do nothing but be read. */
export function notesHtml(notes: string): string {
  return markdown.parse(notes, { async: false });
}
