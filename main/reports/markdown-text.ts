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

/**
 * Returns Markdown that somebody else may have written: its raw HTML is shown as it was typed, and it cannot say what the
 * `labels` of the text around it (in lower case) lead to.
 */
export function foreignMarkdown(notes: string, labels: ReadonlySet<string>): string {
  return notes
    .replaceAll(/<(?!(https?:|mailto:)[^\s<>]*>)/gi, '&lt;')
    .replaceAll(/(\[([^[\]]{0,999})\]):/g, (whole, bracketed: string, label: string) =>
      // Markdown takes letters for the same that are so in either case: the long s, the Kelvin sign.
      labels.has(label.trim().toUpperCase().toLowerCase()) ? `${bracketed}&#58;` : whole,
    );
}
