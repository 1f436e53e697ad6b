import { nearest } from '../../../shared/nearest.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { fieldsOfPick, type Field, type PickField } from '../../../shared/schema/describe.ts';

/** A flag as given: its path of names, and its value unless it stood alone. */
interface GivenFlag {
  written: string;
  path: string[];
  value: string | undefined;
}

/** How the flag of a field is written, for messages. An element of a list has no flag of its own. */
export function flagName(path: readonly PropertyKey[]): string {
  return `--${path.map(String).join('.')}`.replace(/\.\d+$/, '');
}

/** `_` and `-` are the same in a flag name. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

const yes = ['true', 'yes', '1', 'on'];
const no = ['false', 'no', '0', 'off'];

/**
 * Splits an argument list into flags and the words between them. A value is the word after a flag, or after its `=`.
 * After one of `switches` (names of flags that are on or off) only a word for yes or no is its value.
 */
export function readArguments(
  args: readonly string[],
  switches: readonly string[] = [],
): { words: string[]; flags: GivenFlag[] } {
  const words: string[] = [];
  const flags: GivenFlag[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('--')) {
      words.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const written = equals === -1 ? arg : arg.slice(0, equals);
    const name = canonical(written.slice(2));
    const next = args[i + 1];
    const isSwitch = switches.includes(name);
    const takesNext =
      next !== undefined && (isSwitch ? [...yes, ...no].includes(next.toLowerCase()) : !next.startsWith('--'));
    const value = equals !== -1 ? arg.slice(equals + 1) : takesNext ? args[++i] : undefined;
    flags.push({ written, path: name.split('.'), value });
  }
  return { words, flags };
}

/** Flags as a tree: a node has the value given for its own name and the flags below it. */
interface Node {
  written?: string;
  value?: string | undefined;
  given: boolean;
  children: Map<string, Node>;
}

function toTree(flags: readonly GivenFlag[]): Node {
  const root: Node = { given: false, children: new Map() };
  for (const { written, path, value } of flags) {
    let node = root;
    for (const key of path) {
      if (!node.children.has(key)) node.children.set(key, { given: false, children: new Map() });
      node = node.children.get(key)!;
    }
    if (node.given && node.written !== undefined) {
      throw new CupbearerError('usage', `${written} was given twice.`);
    }
    Object.assign(node, { written, value, given: true });
  }
  return root;
}

/**
 * Turns flags into parameters as the schema's fields expect them. Ranges are checked later.
 * @throws CupbearerError `usage` for an unknown flag (with the nearest one), a missing value or one of the wrong type.
 */
export function parseFlags(flags: readonly GivenFlag[], fields: readonly Field[]): Record<string, unknown> {
  return readGroup(toTree(flags), fields, '--');
}

function readGroup(node: Node, fields: readonly Field[], prefix: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, child] of node.children) {
    const field = fields.find((candidate) => canonical(candidate.key) === key);
    if (!field) throw unknownFlag(`${prefix}${key}`, fields, prefix);
    result[field.key] = readField(child, field, `${prefix}${field.key}`);
  }
  return result;
}

function readField(node: Node, field: Field, flag: string): unknown {
  switch (field.type) {
    case 'group':
      if (node.given)
        throw new CupbearerError('usage', `${flag} takes no value itself; it has ${listOf(field.fields, `${flag}.`)}.`);
      return readGroup(node, field.fields, `${flag}.`);
    case 'pick':
      return readPick(node, field, flag);
    case 'pick-record': {
      if (node.given)
        throw new CupbearerError('usage', `${flag} needs a name of your own: ${flag}.NAME ${field.registry.ids[0]}.`);
      return Object.fromEntries(
        [...node.children].map(([name, child]) => [name, readPick(child, field, `${flag}.${name}`)]),
      );
    }
    default: {
      const [below] = node.children.keys();
      if (below !== undefined)
        throw new CupbearerError('usage', `${flag} has no parameters, so there is no ${flag}.${below}.`);
      return readValue(node.value, field, flag);
    }
  }
}

function readPick(node: Node, field: PickField, flag: string): unknown {
  const name = node.given ? requireValue(node.value, field, flag) : (field.default as string | undefined);
  if (name === undefined) {
    const [below] = node.children.keys();
    throw new CupbearerError(
      'usage',
      `${flag}.${below} needs ${flag} itself: one of ${field.registry.ids.join(', ')}.`,
    );
  }
  const id = field.registry.ids.find((candidate) => canonical(candidate) === canonical(name)) ?? name;
  if (!field.registry.has(id)) {
    const guess = nearest(id, field.registry.ids);
    throw new CupbearerError(
      'usage',
      `${flag} must be one of ${field.registry.ids.join(', ')}; got "${name}".${guess ? ` Did you mean "${guess}"?` : ''}`,
    );
  }
  return { name: id, ...readGroup(node, fieldsOfPick(field, id), `${flag}.`) };
}

function requireValue(value: string | undefined, field: Field, flag: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CupbearerError('usage', `${flag} needs a value: ${describeType(field)}.`);
}

function readValue(value: string | undefined, field: Field, flag: string): unknown {
  if (field.type === 'flag') {
    if (value === undefined || yes.includes(value.toLowerCase())) return true;
    if (no.includes(value.toLowerCase())) return false;
    throw new CupbearerError('usage', `${flag} must be true or false; got "${value}".`);
  }
  const text = requireValue(value, field, flag);
  switch (field.type) {
    case 'integer':
    case 'number':
      return toNumber(text, field, flag);
    case 'integers':
      return text
        .split(/[,\s]+/)
        .filter(Boolean)
        .map((part) => toNumber(part, field, flag));
    case 'names':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean);
    default:
      return text;
  }
}

function toNumber(text: string, field: Field, flag: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && (field.type === 'number' || Number.isInteger(value)))
    return value;
  throw new CupbearerError('usage', `${flag} must be ${describeType(field)}; got "${text}".`);
}

/** "a whole number, 1 to 10", as help and messages say it. */
export function describeType(field: Field): string {
  const range =
    field.min !== undefined && field.max !== undefined
      ? `, ${field.min} to ${field.max}`
      : field.min !== undefined
        ? `, at least ${field.min}`
        : field.max !== undefined
          ? `, at most ${field.max}`
          : '';
  switch (field.type) {
    case 'integer':
      return `a whole number${range}`;
    case 'number':
      return `a number${range}`;
    case 'integers':
      return `whole numbers separated by commas${range}`;
    case 'names':
      return 'names separated by commas';
    case 'flag':
      return 'true or false';
    case 'choice':
      return field.options.join(' | ');
    case 'pick':
    case 'pick-record':
      return field.registry.ids.join(' | ');
    default:
      return 'text';
  }
}

function listOf(fields: readonly Field[], prefix: string): string {
  return fields.map(({ key }) => `${prefix}${key}`).join(', ');
}

function unknownFlag(flag: string, fields: readonly Field[], prefix: string): CupbearerError {
  const known = fields.map(({ key }) => `${prefix}${key}`);
  const guess = nearest(flag, known);
  return new CupbearerError('usage', `There is no flag ${flag}.${guess ? ` Did you mean ${guess}?` : ''}`, {
    hint: known.length > 0 ? `Known here: ${known.join(', ')}.` : 'There are no flags here.',
  });
}
