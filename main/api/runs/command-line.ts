import type { RunKind } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { describe, type Field } from '../../../shared/schema/describe.ts';
import { isOwnName } from '../../../shared/schema/own-name.ts';
import { walk, type Standing } from '../../../shared/schema/walk.ts';
import { commandText, shellOf, type Shell } from '../../../shared/shell.ts';
import { runDefinitionOf } from '../../runs/index.ts';

/** A command line, or a sentence saying why there is none. */
export type CommandOrReason = { command: string; noCommand: null } | { command: null; noCommand: string };

/**
 * Returns the command line for a spec, without flags that would repeat the default. `launch` are flags of the command
 * beyond the spec, such as `dir.full`.
 * @throws CupbearerError `bad-data` if no command says the same: a name that is not an identifier, a value that a
 * command line cannot hold, parameters that this kind of run does not have.
 */
export function commandLine(
  { kind, params }: { kind: RunKind; params: Readonly<Record<string, unknown>> },
  launch: Readonly<Record<string, string>> = {},
  shell: Shell = shellOf(process.platform),
): string {
  const definition = runDefinitionOf(kind);
  const flags = [
    ...flagsOf(describe(definition.params), params),
    ...Object.entries(launch).map(([key, value]) => [`--${key}`, value] as const),
  ];
  return commandText(['npx', 'cupbearer', definition.id, ...flags.flatMap(wordsOf)], shell);
}

/** Returns the same {@link commandLine}, or the reason if there is none. */
export function commandOrReason(...asked: Parameters<typeof commandLine>): CommandOrReason {
  try {
    return { command: commandLine(...asked), noCommand: null };
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    return { command: null, noCommand: error.message };
  }
}

type Flag = readonly [flag: string, value: string];

/** A value that begins with a dash would be taken for a flag. */
function wordsOf([flag, value]: Flag): string[] {
  return value.startsWith('-') ? [`${flag}=${value}`] : [flag, value];
}

function flagsOf(fields: readonly Field[], values: Readonly<Record<string, unknown>>): Flag[] {
  return [...walk(fields, values)].flatMap((standing) =>
    standing.value === undefined || standing.value === null ? [] : flagsAt(standing),
  );
}

/**
 * Returns the flags for one parameter, without those for the parameters inside it, which the walk reaches by itself.
 */
function flagsAt({ field, path, value, picked }: Standing<Field>): Flag[] {
  const flag = `--${path.join('.')}`;
  switch (field.type) {
    case 'group':
      asObject(value, flag);
      return [];
    case 'pick':
      if (!picked?.fields) throw cannotSay(flag, `the ${field.registry.kind} ${shown(picked?.id)}, which is not known`);
      return picked.id === field.default ? [] : [[flag, picked.id]];
    case 'pick-record':
      checkNames(Object.keys(asObject(value, flag)), flag);
      return [];
    default:
      if (JSON.stringify(value) === JSON.stringify(field.default)) return [];
      return [[flag, written(field, value, flag)]];
  }
}

function checkNames(names: readonly string[], flag: string): void {
  if (names.length === 0) throw cannotSay(flag, 'nothing in it');
  const odd = names.find((name) => !isOwnName(name));
  if (odd !== undefined) throw cannotSay(flag, `the name ${shown(odd)}, which is more than letters, digits and _`);
}

function asObject(value: unknown, flag: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw cannotSay(flag, shown(value));
}

/** Writes a value so that the parser of flags reads it back. */
function written(field: Field, value: unknown, flag: string): string {
  switch (field.type) {
    case 'integers':
    case 'names': {
      const isItem = field.type === 'integers' ? Number.isFinite : isListedName;
      // The parser needs some text; a single comma stands for an empty list.
      if (Array.isArray(value) && value.every(isItem)) return value.join(',') || ',';
      break;
    }
    case 'integer':
    case 'number':
      if (Number.isFinite(value)) return String(value);
      break;
    case 'flag':
      if (typeof value === 'boolean') return String(value);
      break;
    default:
      if (typeof value === 'string') return value;
  }
  throw cannotSay(flag, shown(value));
}

/** Names in a list are separated by commas; spaces around them are ignored. */
function isListedName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value === value.trim() && !value.includes(',');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'without a name';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function cannotSay(flag: string, what: string): CupbearerError {
  return new CupbearerError('bad-data', `No command line says the same: ${flag} has ${what}.`);
}
