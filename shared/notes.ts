import MarkdownIt, { type Token } from 'markdown-it';

/**
 * Begins an address that a reader may be sent to, as a regular expression; others (`javascript:`, `data:`) stay text.
 */
export const safeScheme = '(?:https?:|mailto:)';
const safeAddress = new RegExp(`^${safeScheme}`, 'i');

/** Beyond this, or nested more deeply than {@link mostLevels}, notes are shown as they were typed. */
const mostCharacters = 100_000;

/** Lists and quotes within one another; the parser leaves out what lies deeper. */
const mostLevels = 100;

/**
 * Markdown without raw HTML, which is text like any other: what looks like an element is shown as it was typed. The
 * parser's time grows with the length of the notes, whatever they are.
 */
const markdown = new MarkdownIt({ html: false, linkify: true, maxNesting: mostLevels });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Every address is parsed, and a bad one is taken out below: its words stay.
markdown.validateLink = () => true;

/**
 * An element of Markdown, or text: only these tags and attributes are ever made, and nothing of the notes is markup.
 */
export type NotesNode = string | NotesElement;

export interface NotesElement {
  readonly tag: NotesTag;
  /** `href` of a link, `start` of a list, `align` of a table's cell. */
  readonly attributes: Readonly<Partial<Record<'href' | 'start' | 'align', string>>>;
  readonly children: readonly NotesNode[];
}

// prettier-ignore
const tags = [
  'p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'code', 'ul', 'ol', 'li', 'hr', 'br',
  'table', 'thead', 'tbody', 'tr', 'th', 'td', 'strong', 'em', 'del', 'a',
] as const;
export type NotesTag = (typeof tags)[number];

const element = (tag: NotesTag, ...children: NotesNode[]): NotesElement => ({ tag, attributes: {}, children });

/** Parses notes in Markdown, which anybody may have written, into elements and text to be shown. */
export function parseNotes(notes: string): NotesNode[] {
  const tokens = notes.length <= mostCharacters ? markdown.parse(notes, {}) : undefined;
  if (!tokens || tokens.some(({ level }) => level >= mostLevels - 1)) return [element('pre', notes)];
  return treeOf(tokens);
}

/** Elements out of the parser's flat list, in which each begins and ends. */
function treeOf(tokens: readonly Token[]): NotesNode[] {
  const root: NotesNode[] = [];
  const open = [root];
  for (const [at, token] of tokens.entries()) {
    const parent = open.at(-1) ?? root;
    if (tokens[at - 2]?.type === 'list_item_open') markTask(token);
    if (token.nesting === 1) {
      const made = opened(token);
      if (made) parent.push(made);
      open.push(made?.children ?? parent);
    } else if (token.nesting === -1) open.pop();
    else parent.push(...leaf(token));
  }
  return root;
}

/** The element that a token begins, still empty; undefined if only its words are kept. */
function opened(token: Token): (NotesElement & { children: NotesNode[] }) | undefined {
  // Paragraphs of a list whose entries stand close together.
  if (token.hidden) return undefined;
  const tag = token.tag === 's' ? 'del' : tags.find((known) => known === token.tag);
  if (tag === undefined) return undefined;
  const given = (name: string) => token.attrGet(name);
  const children: NotesNode[] = [];
  if (tag === 'a') {
    const href = String(given('href'));
    return safeAddress.test(href) ? { tag, attributes: { href }, children } : undefined;
  }
  const align = /^text-align:(left|center|right)$/.exec(String(given('style')))?.[1];
  const start = tag === 'ol' ? given('start') : null;
  return {
    tag,
    attributes: { ...(align === undefined ? {} : { align }), ...(start === null ? {} : { start: String(start) }) },
    children,
  };
}

function leaf({ type, content, children }: Token): NotesNode[] {
  switch (type) {
    case 'inline':
      return treeOf(children ?? []);
    case 'softbreak':
      return ['\n'];
    case 'hardbreak':
      return [element('br')];
    case 'hr':
      return [element('hr')];
    case 'code_inline':
      return [element('code', content)];
    case 'code_block':
    case 'fence':
      return [element('pre', element('code', content))];
    // Pictures, which would need the network, are the words that stand for them.
    default:
      return [content];
  }
}

/** Turns the "[x]" at the beginning of an entry of a list into a box. */
function markTask({ type, children }: Token): void {
  const first = type === 'inline' ? children?.[0] : undefined;
  if (first?.type === 'text')
    first.content = first.content.replace(/^\[([ xX])\](?= )/, (_, mark) => (mark === ' ' ? '☐' : '☑'));
}
