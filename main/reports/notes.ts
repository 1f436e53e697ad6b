import { parseNotes, type NotesNode, type NotesTag } from '../../shared/notes.ts';

/** Text as it may stand in HTML, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const within: readonly NotesTag[] = ['strong', 'em', 'del', 'code', 'a', 'br', 'th', 'td'];
const withoutEnd: readonly NotesTag[] = ['br', 'hr'];

/** Returns Markdown as HTML without anything active in it, even if the Markdown is hostile. */
export function notesHtml(notes: string): string {
  return parseNotes(notes).map(htmlOf).join('');
}

function htmlOf(node: NotesNode): string {
  if (typeof node === 'string') return escapeHtml(node);
  const { tag, attributes, children } = node;
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const begin = `<${tag}${named.join('')}${tag === 'a' ? ' rel="noopener noreferrer"' : ''}>`;
  const end = within.includes(tag) ? '' : '\n';
  if (withoutEnd.includes(tag)) return `${begin}${end}`;
  return `${begin}${children.map(htmlOf).join('')}</${tag}>${end}`;
}
