import { formatParameter } from '../../../shared/format.ts';
import { fieldsOfPick, type Field } from '../../../shared/schema/describe.ts';
import type { Picked } from '../../../shared/schema/fields.ts';
import { describeType } from './flags.ts';

/** One line of help a flag, the parameters of chosen definitions indented below the flag that chooses them. */
export function flagHelp(fields: readonly Field[], chosen: Record<string, unknown>): string {
  const rows: { flag: string; text: string }[] = [];
  collect(fields, chosen, '--', 0, rows);
  const width = Math.min(44, Math.max(...rows.map(({ flag }) => flag.length)) + 2);
  return rows
    .map(({ flag, text }) =>
      flag.length + 2 > width ? `${flag}\n${' '.repeat(width)}${text}` : flag.padEnd(width) + text,
    )
    .join('\n');
}

function collect(
  fields: readonly Field[],
  chosen: Record<string, unknown>,
  prefix: string,
  depth: number,
  rows: { flag: string; text: string }[],
): void {
  const indent = '  '.repeat(depth + 1);
  for (const field of fields) {
    if (field.type === 'group') {
      collect(
        field.fields!,
        (chosen[field.key] ?? {}) as Record<string, unknown>,
        `${prefix}${field.key}.`,
        depth,
        rows,
      );
      continue;
    }
    const flag = `${prefix}${field.key}${field.type === 'pick-record' ? '.NAME' : ''}`;
    rows.push({ flag: indent + flag, text: explain(field) });
    if (field.type === 'pick') collectPick(field, chosen[field.key] ?? field.default, flag, depth, rows);
    if (field.type !== 'pick-record') continue;
    for (const [name, value] of Object.entries(chosen[field.key] ?? {})) {
      const own = `${prefix}${field.key}.${name}`;
      rows.push({ flag: indent + own, text: `${field.label} of this name [${describeType(field)}]` });
      collectPick(field, value, own, depth, rows);
    }
  }
}

/** The flags below one that chooses a definition. */
function collectPick(
  field: Field,
  value: unknown,
  flag: string,
  depth: number,
  rows: { flag: string; text: string }[],
): void {
  const name = typeof value === 'string' ? value : (value as Partial<Picked> | undefined)?.name;
  if (name === undefined) return;
  const nested = typeof value === 'object' ? (value as Record<string, unknown>) : {};
  collect(fieldsOfPick(field, name), nested, `${flag}.`, depth + 1, rows);
}

function explain(field: Field): string {
  const unit = field.unit && field.type !== 'pick' ? ` (${field.unit})` : '';
  const fallback =
    field.default === undefined ? (field.required ? ', required' : '') : `, default ${written(field.default)}`;
  return `${field.help}${unit} [${describeType(field)}${fallback}]`;
}

function written(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : formatParameter(value);
}
