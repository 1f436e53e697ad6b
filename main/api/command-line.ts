import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import type { Picked } from '../../shared/schema/fields.ts';
import type { ExperimentDefinition } from '../experiments/experiment.ts';

/**
 * The command line that asks for a spec, leaving out what is the default anyway. `launch` are flags of the command besides
 * the spec, such as `dir.full`.
 */
export function commandLine(
  experiment: ExperimentDefinition,
  spec: Record<string, unknown>,
  launch: Readonly<Record<string, string>> = {},
): string {
  const flags = [
    ...flagsOf(describe(experiment.params), spec, '--'),
    ...Object.entries(launch).map(([key, value]) => [`--${key}`, value] as const),
  ];
  return ['npx cupbearer', experiment.id, ...flags.flatMap(([flag, value]) => [flag, quoted(value)])].join(' ');
}

type Flag = readonly [flag: string, value: string];

function flagsOf(fields: readonly Field[], values: Record<string, unknown>, prefix: string): Flag[] {
  return fields.flatMap((field) => flagsOfField(field, values[field.key], `${prefix}${field.key}`));
}

function flagsOfField(field: Field, value: unknown, flag: string): Flag[] {
  if (value === undefined || value === null) return [];
  switch (field.type) {
    case 'group':
      return flagsOf(field.fields!, value as Record<string, unknown>, `${flag}.`);
    case 'pick':
      return flagsOfPick(field, value as Picked, flag);
    case 'pick-record':
      return Object.entries(value as Record<string, Picked>).flatMap(([name, picked]) =>
        flagsOfPick(field, picked, `${flag}.${name}`),
      );
    default:
      if (JSON.stringify(value) === JSON.stringify(field.default)) return [];
      return [[flag, written(value)]];
  }
}

function flagsOfPick(field: Field, { name, ...params }: Picked, flag: string): Flag[] {
  const own: Flag[] = name === field.default ? [] : [[flag, name]];
  return [...own, ...flagsOf(fieldsOfPick(field, name), params, `${flag}.`)];
}

function written(value: unknown): string {
  // The parser wants some text; a lone comma stands for no values.
  if (Array.isArray(value)) return value.join(',') || ',';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** As a POSIX shell reads it back. */
function quoted(value: string): string {
  return /^[\w./:,@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
