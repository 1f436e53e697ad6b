import { formatParameter } from '../../../shared/format.ts';
import type { Field } from '../../../shared/schema/describe.ts';
import { walk, type Standing } from '../../../shared/schema/walk.ts';
import { helpInFull } from '../../../shared/schema/in-force.ts';
import { describeType } from './flags.ts';

/** One line of help a flag, the parameters of chosen definitions indented below the flag that chooses them. */
export function flagHelp(fields: readonly Field[], chosen: Record<string, unknown>): string {
  const rows = [...walk(fields, chosen)].filter(({ field }) => field.type !== 'group').map(rowOf);
  const width = Math.min(44, Math.max(...rows.map(({ flag }) => flag.length)) + 2);
  return rows
    .map(({ flag, text }) =>
      flag.length + 2 > width ? `${flag}\n${' '.repeat(width)}${text}` : flag.padEnd(width) + text,
    )
    .join('\n');
}

function rowOf({ field, path, within }: Standing<Field>): { flag: string; text: string } {
  const depth = within.filter(({ type }) => type === 'pick').length;
  const flag = `${'  '.repeat(depth + 1)}--${path.join('.')}`;
  return field.type === 'pick-record' ? { flag: `${flag}.NAME`, text: explain(field) } : { flag, text: explain(field) };
}

function explain(field: Field): string {
  const unit = field.unit && field.type !== 'pick' ? ` (${field.unit})` : '';
  const fallback =
    field.default === undefined ? (field.required ? ', required' : '') : `, default ${written(field.default)}`;
  return `${helpInFull(field)}${unit} [${describeType(field)}${fallback}]`;
}

function written(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : formatParameter(value);
}
