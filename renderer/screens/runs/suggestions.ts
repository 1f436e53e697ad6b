import type { RunSummary } from '../../../shared/domain/live.ts';
import { specRoots } from '../../../shared/domain/spec-field.ts';
import { metricPrefix, queryFields } from '../../../shared/query/fields.ts';
import { quote, splitQuery, unquote } from '../../../shared/query/split.ts';
import { catalogue } from '../../app/catalogue.svelte.ts';
import { counted } from '../../../shared/format.ts';
import { parameters } from './spec-values.svelte.ts';

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
  const [, minus = '', name = '', operator = '', value = ''] = /^(-?)([\w.]*)([:=]?)(.*)$/i.exec(last) ?? [];
  if (name.includes('.') && operator === '' && value === '')
    return parameterNames()
      .filter(({ path }) => path.startsWith(name))
      .slice(0, most)
      .map(({ path, note }) => ({ text: `${before}${minus}${path}:`, note, complete: false }));
  if (operator !== '') {
    if (name.includes('.')) return parameterSuggestions(`${before}${minus}${name}${operator}`, name, value);
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
  const fields = Object.entries(queryFields)
    .filter(([field]) => field.startsWith(name.toLowerCase()) && value === '')
    .slice(0, name === '' ? most : undefined)
    .map(([field, { type, help }]) => ({
      text: `${before}${minus}${field}${type === 'text' || type === 'choice' ? ':' : type === 'age' ? '<' : '>'}`,
      note: help,
      complete: false,
    }));
  const roots = [...specRoots, 'metrics']
    .filter((root) => name !== '' && value === '' && root.startsWith(name))
    .map((root) => ({ text: `${before}${minus}${root}.`, note: 'A parameter or figure by its path', complete: false }));
  return [...fields, ...roots];
}

/** Parameters and figures that runs have, as filters name them. */
function parameterNames(): { path: string; note: string }[] {
  const keys = new Set([...catalogue.runs.values()].flatMap(({ metrics }) => Object.keys(metrics)));
  return [
    ...(parameters.fields ?? []).map(({ path, labels }) => ({ path, note: labels.join(' › ') })),
    ...[...keys].sort().map((key) => ({ path: `${metricPrefix}${key}`, note: 'A figure' })),
  ];
}

/** The values that a parameter has among the runs, most frequent first, as far as they are known. */
function parameterSuggestions(before: string, path: string, value: string): Suggestion[] {
  const counts = new Map<string, number>();
  for (const run of catalogue.runs.values()) {
    const found = parameters.of(run, path);
    if (found === undefined || found === null) continue;
    const text = String(found);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .filter(([text]) => text.toLowerCase().includes(unquote(value).toLowerCase()))
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([text, count]) => ({ text: `${before}${quote(text)}`, note: counted(count, 'run'), complete: true }));
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
