import type { RunSummary } from '../../../shared/domain/live.ts';
import { queryFields } from '../../../shared/query/fields.ts';
import { quote, splitQuery, unquote } from '../../../shared/query/split.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { counted } from '../../../shared/format.ts';

export interface Suggestion {
  /** What the field's text becomes. */
  text: string;
  note: string;
  /** It is a whole term, to be made a chip. */
  complete: boolean;
}

const most = 9;

/** What could be meant by what is typed: fields, or the values that a field has among the runs, most frequent first. */
export function suggestionsFor(text: string): Suggestion[] {
  const last = /\s$/.test(text) ? '' : (splitQuery(text).at(-1)?.text ?? '');
  const before = text.slice(0, text.length - last.length);
  const [, minus = '', name = '', operator = '', value = ''] = /^(-?)([a-z]*)([:=]?)(.*)$/i.exec(last) ?? [];
  if (operator !== '') {
    const field = queryFields[name.toLowerCase()];
    if (!field || (field.type !== 'text' && field.type !== 'choice')) return [];
    const wanted = unquote(value).toLowerCase();
    return valuesOf(name.toLowerCase())
      .filter(([word]) => word.toLowerCase().includes(wanted))
      .slice(0, most)
      .map(([word, count]) => ({
        text: `${before}${minus}${name}${operator}${quote(word)}`,
        note: counted(count, 'run'),
        complete: true,
      }));
  }
  return Object.entries(queryFields)
    .filter(([field]) => field.startsWith(name.toLowerCase()) && value === '')
    .slice(0, name === '' ? most : undefined)
    .map(([field, { type, help }]) => ({
      text: `${before}${minus}${field}${type === 'text' || type === 'choice' ? ':' : type === 'age' ? '<' : '>'}`,
      note: help,
      complete: false,
    }));
}

function valuesOf(name: string): [string, number][] {
  const field = queryFields[name]!;
  const counts = new Map<string, number>();
  for (const run of catalogue.runs.values())
    for (const word of words(name, run)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  if (field.type === 'choice') return field.options.map((option) => [option, counts.get(option) ?? 0]);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The words of a field that are worth offering: of a detector and a task their names, not every combination of parameters. */
function words(name: string, run: RunSummary): readonly string[] {
  if (name === 'detector') return [run.detector];
  if (name === 'task') return [run.task, ...run.taskDetail.split(', ')];
  const field = queryFields[name]!;
  if (field.type === 'choice') return field.of(run);
  if (field.type !== 'text' || name === 'id' || name === 'notes' || name === 'title') return [];
  const text = field.of(run);
  return typeof text === 'string' ? [text] : text;
}
