import { describe, fieldsOfPick, type Field } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import type { ExperimentDefinition } from '../experiment.ts';

/**
 * The command line that starts a run of this spec: every parameter that is not at its default.
 * `more` are flags besides the experiment's own, by name.
 */
export function commandLine(
  { id, params }: ExperimentDefinition,
  spec: Record<string, unknown>,
  more: Record<string, string> = {},
): string {
  const words = [
    ...flagsOf(describe(params), spec, '--'),
    ...Object.entries(more).map(([name, value]) => `--${name} ${quoted(value)}`),
  ];
  return ['npx cupbearer', id, ...words].join(' ');
}

function flagsOf(fields: readonly Field[], values: Record<string, unknown>, prefix: string): string[] {
  return fields.flatMap((field) => {
    const value = values[field.key];
    const flag = `${prefix}${field.key}`;
    if (value === undefined) return [];
    if (field.type === 'group') return flagsOf(field.fields!, value as Record<string, unknown>, `${flag}.`);
    if (field.type === 'pick') return pickFlags(field, value as Picked, flag);
    if (field.type === 'pick-record') {
      return Object.entries(value as Record<string, Picked>).flatMap(([name, picked]) =>
        pickFlags({ ...field, default: undefined }, picked, `${flag}.${name}`),
      );
    }
    return isSame(value, field.default) ? [] : [`${flag} ${quoted(written(value))}`];
  });
}

function pickFlags(field: Field, picked: Picked, flag: string): string[] {
  const below = flagsOf(fieldsOfPick(field, picked.name), picked, `${flag}.`);
  return picked.name === field.default && below.length === 0 ? [] : [`${flag} ${picked.name}`, ...below];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function written(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** As a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w./:,=+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
