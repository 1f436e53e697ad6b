import type { RunSummary } from '../domain/live.ts';
import type { SpecValue } from '../domain/spec-field.ts';
import { nearest } from '../nearest.ts';
import { fieldCalled, queryFields } from './fields.ts';
import type { QueryField } from './fields.ts';
import { splitQuery, unquote } from './split.ts';

/** Returns the value of a parameter of a run by its path; undefined if it is not known. */
type ParameterOf = (run: RunSummary, path: string) => SpecValue | undefined;

type Test = (run: RunSummary, now: number) => boolean;

/** One condition of a query. */
export interface QueryTerm {
  /** As it was written. */
  source: string;
  negated: boolean;
  /** "" for free text. */
  field: string;
  /** ":", ">", "<=", …; "" for free text. */
  operator: string;
  /** Without quotes. */
  value: string;
  /** Why it cannot be read; no run is then as it says. */
  problem: string | null;
  /** Its value is still to come: it says nothing yet. */
  isUnfinished: boolean;
  /** Whether a run is as it says, at the time `now` (ms). */
  matches: Test;
}

interface Query {
  terms: QueryTerm[];
  /** Whether a run satisfies all terms but an unfinished last one, which is being typed. */
  matches: (run: RunSummary, now?: number) => boolean;
}

/**
 * Reads a filter: terms with spaces between them, all of which must hold. A term is free text (`corner`, `"two words"`)
 * or field, operator and value (`detector:mahalanobis`, `auroc>0.9`, `tag:paper,ood` for either); a `-` before it turns
 * it round. With `parameter`, paths of parameters are fields, too (`task.max_test_size>500`). Never throws: a term that
 * cannot be read says why, and no run satisfies it.
 */
export function parseQuery(text: string, parameter?: ParameterOf): Query {
  const terms = splitQuery(text).map((piece) => parseTerm(piece.text, parameter));
  const asked = terms.filter((term, place) => !term.isUnfinished || place < terms.length - 1);
  return {
    terms,
    matches: (run, now = Date.now()) => asked.every((term) => term.matches(run, now)),
  };
}

const nothing: Test = () => false;

function parseTerm(source: string, parameter: ParameterOf | undefined): QueryTerm {
  const negated = /^-./su.test(source);
  const rest = negated ? source.slice(1) : source;
  const parts = /^([\p{L}_][\p{L}\d_.-]*)(!=|>=|<=|[:=><])(.*)$/su.exec(rest);
  const [, name = '', operator = '', raw = rest] = parts ?? [];
  const known = parts ? fieldCalled(name, parameter) : undefined;
  const field = name.includes('.') ? name : name.toLowerCase();
  const isUnfinished = known !== undefined && splitValues(raw).length === 0;
  const term = { source, negated, field, operator, value: unquote(raw), isUnfinished };
  const read = parts ? readField(field, known, operator, raw) : (strayWord(rest) ?? freeText(term.value));
  if (typeof read === 'string') return { ...term, problem: read, matches: nothing };
  return { ...term, problem: null, matches: negated ? (run, now) => !read(run, now) : read };
}

const connectives = /^(?:OR|AND|NOT|\|\|?|&&?)$/;

/** Why a term that looks like a part of a condition is none; undefined for what people look for. */
function strayWord(source: string): string | undefined {
  if (connectives.test(source))
    return `“${source}” is not understood: all terms must hold; write tag:a,b for either and -tag:a for not. In quotes it is searched for as text.`;
  if (/^(?:!=|>=|<=|[:=><])/.test(source))
    return `“${source}” has no field: write field, comparison and value without spaces, as in auroc>0.9. In quotes it is searched for as text.`;
  return undefined;
}

/** The test that a term with a field makes, or why it cannot be read. */
function readField(name: string, field: QueryField | undefined, operator: string, raw: string): Test | string {
  if (!field) {
    const meant = nearest(name, Object.keys(queryFields));
    return `There is no field “${name}”${meant ? `; ${meant} is one` : ''}. In quotes it is searched for as text.`;
  }
  const values = splitValues(raw);
  if (values.length === 0) return `${name}${operator} needs a value: ${field.help}.`;
  if (values.length > 1 && /[<>]/.test(operator)) {
    const point = /^\d+,\d+%?$/.test(raw) ? `; with a decimal point: ${name}${operator}${raw.replace(',', '.')}` : '';
    return `${name}${operator} takes one value, got “${raw}”${point}.`;
  }
  const tests = values.map((value) => readValue(name, field, operator, value));
  const problem = tests.find((test) => typeof test === 'string');
  if (problem !== undefined) return problem;
  const readable = tests.filter((test) => typeof test !== 'string');
  // `a!=x,y` is neither of them, everything else is any of them.
  return operator === '!='
    ? (run, now) => readable.every((test) => test(run, now))
    : (run, now) => readable.some((test) => test(run, now));
}

function splitValues(raw: string): string[] {
  const values = raw.match(/(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^,"])+/gsu) ?? [];
  return values.map((value) => unquote(value).trim()).filter((value) => value !== '');
}

function readValue(name: string, field: QueryField, operator: string, value: string): Test | string {
  switch (field.type) {
    case 'text':
      return readText(name, field.of, operator, value.toLowerCase());
    case 'choice':
      return readChoice(name, field, operator, value.toLowerCase());
    case 'any':
      return readAny(name, field.of, operator, value.toLowerCase());
    default:
      return readNumber(name, field, operator, value);
  }
}

/** "pinned, archived or damaged" */
const listed = (words: readonly string[]) => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const noOrder = (name: string, operator: string) =>
  `${name} has no order: write ${name}: instead of ${name}${operator}.`;

function readText(
  name: string,
  of: (run: RunSummary) => string | readonly string[],
  operator: string,
  wanted: string,
): Test | string {
  const texts = (run: RunSummary) => {
    const text = of(run);
    return typeof text === 'string' ? [text.toLowerCase()] : text.map((one) => one.toLowerCase());
  };
  switch (operator) {
    case ':':
      return (run) => texts(run).some((text) => text.includes(wanted));
    case '=':
      return (run) => texts(run).includes(wanted);
    case '!=':
      return (run) => !texts(run).includes(wanted);
    default:
      return noOrder(name, operator);
  }
}

function readChoice(
  name: string,
  field: QueryField & { type: 'choice' },
  operator: string,
  wanted: string,
): Test | string {
  if (!['!=', '=', ':'].includes(operator)) return noOrder(name, operator);
  const words = [...field.options, ...Object.keys(field.also ?? {})];
  // The beginning of a word is enough: the filter works while it is being typed.
  const options = words.filter((word) => word.startsWith(wanted)).map((word) => field.also?.[word] ?? word);
  if (options.length === 0) return `${name}: takes ${listed(field.options)}.`;
  const is = (run: RunSummary) => field.of(run).some((option) => options.includes(option));
  return operator === '!=' ? (run) => !is(run) : is;
}

/** Parameters are typed as they are stored: only a rounding error is no difference. */
const isEqual = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

function readAny(
  name: string,
  of: (run: RunSummary) => SpecValue | undefined,
  operator: string,
  wanted: string,
): Test | string {
  const number = parseNumber('number', wanted);
  if (/[<>]/.test(operator)) {
    if (number === undefined) return `“${wanted}” is not a number; write it as in ${name}>0.9.`;
    const compare = comparisons[operator]!;
    return (run) => {
      const found = of(run);
      return typeof found === 'number' && compare(found, number);
    };
  }
  const words: Record<string, boolean> = { yes: true, true: true, no: false, false: false };
  const is = (run: RunSummary) => {
    const found = of(run);
    if (typeof found === 'number') return number !== undefined && isEqual(found, number);
    if (typeof found === 'boolean') return words[wanted] === found;
    if (typeof found !== 'string') return false;
    return operator === ':' ? found.toLowerCase().includes(wanted) : found.toLowerCase() === wanted;
  };
  return operator === '!=' ? (run) => !is(run) : is;
}

const timeUnits: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function parseNumber(type: 'number' | 'duration' | 'age', value: string): number | undefined {
  const [, digits, unit = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z%]*)$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  if (type === 'number') return unit === '' ? number : unit === '%' ? number / 100 : undefined;
  const word = unit.toLowerCase();
  const size = word === '' ? timeUnits['s'] : word === 'm' ? timeUnits['min'] : timeUnits[word];
  return size === undefined ? undefined : number * size;
}

function readNumber(
  name: string,
  field: QueryField & { type: 'number' | 'duration' | 'age' },
  operator: string,
  value: string,
): Test | string {
  const wanted = parseNumber(field.type, value);
  if (wanted === undefined || !Number.isFinite(wanted)) {
    const example = field.type === 'number' ? `${name}>0.9` : field.type === 'duration' ? `${name}>2min` : `${name}<7d`;
    return `“${value}” is not a ${field.type === 'number' ? 'number' : 'time'}; write it as in ${example}.`;
  }
  if (field.type === 'number' && field.isShare === true && (wanted < 0 || wanted > 1)) {
    const percent = /^\d+(?:\.\d+)?$/.test(value) && wanted <= 100 ? `; ${value} % is ${name}${operator}${value}%` : '';
    return `${name} is a number of 0 to 1, got “${value}”${percent}.`;
  }
  const compare = comparisons[operator]!;
  return (run, now) => {
    const found = field.of(run, now);
    return typeof found === 'number' && compare(found, wanted);
  };
}

/** Numbers shown with three decimals are equal if these are: 0.995 means what people read as 0.995. */
const isShownAs = (found: number, wanted: number) =>
  found === wanted || Math.abs(found - wanted) < 0.0005 * Math.max(1, Math.abs(wanted) / 1000);

const comparisons: Record<string, (found: number, wanted: number) => boolean> = {
  ':': isShownAs,
  '=': isShownAs,
  '!=': (found, wanted) => !isShownAs(found, wanted),
  '>': (found, wanted) => found > wanted,
  '>=': (found, wanted) => found >= wanted,
  '<': (found, wanted) => found < wanted,
  '<=': (found, wanted) => found <= wanted,
};

/** Lower-case text of a run that free text is looked for in; made once a run, summaries never change in place. */
const texts = new WeakMap<RunSummary, string>();

function textOf(run: RunSummary): string {
  let text = texts.get(run);
  if (text === undefined) {
    const { id, kind, title, task, taskDetail, dataset, ownDataset, detector, detectorDetail, model, tags, notes } =
      run;
    text = [id, kind, title, task, taskDetail, dataset, ownDataset, detector, detectorDetail, model, ...tags, notes]
      .join('\n')
      .toLowerCase();
    texts.set(run, text);
  }
  return text;
}

function freeText(value: string): Test {
  const wanted = value.toLowerCase();
  return (run) => textOf(run).includes(wanted);
}
