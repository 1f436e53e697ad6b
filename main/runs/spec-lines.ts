import type { SpecLine } from '../../shared/domain/draft.ts';
import { formatParameter } from '../../shared/format.ts';
import type { Definition, Registry } from '../../shared/definition.ts';
import { describe, type Field } from '../../shared/schema/describe.ts';
import { optionTitle } from '../../shared/schema/option-title.ts';
import { walk, walkAll, type Standing, type Stray } from '../../shared/schema/walk.ts';
import type { RunDefinition } from './run-definition.ts';

type Values = Readonly<Record<string, unknown>>;

/** A parameter for people to read, with its path in the spec. */
interface NamedValue {
  /** `['detector', 'rcond']`; that of a picked definition ends in `name`. */
  path: readonly string[];
  /** From the outside in: "Detector", "Cutoff". */
  labels: readonly string[];
  line: SpecLine;
}

/**
 * Returns a spec for people to read, one line per parameter, with those of picked definitions below the line that names
 * the definition. The spec may hold anything; what does not fit the experiment is shown as it is.
 */
export function specLines(experiment: RunDefinition, spec: Values): SpecLine[] {
  return namedValues(experiment, spec).map(({ line }) => line);
}

/**
 * Returns the labels on the way to the parameter at `path` of a spec: `['detector', 'rcond']` is "Detector", "Cutoff".
 * The `name` of what was picked has the label of the parameter that picks it. Undefined if the spec has no such
 * parameter.
 */
export function parameterLabels(
  experiment: RunDefinition,
  spec: Values,
  path: readonly string[],
): readonly string[] | undefined {
  const place = path.join('.');
  return namedValues(experiment, spec).find((named) => named.path.join('.') === place)?.labels;
}

/**
 * Returns the parameters of a spec that differ from their defaults, in the order of declaration, for people; without
 * paths of the machine and what is below the keys in `except`.
 */
export function changedLines(
  experiment: RunDefinition,
  spec: Values,
  except: readonly string[],
): { label: string; value: string }[] {
  return changed(describe(experiment.params), spec).flatMap(({ label, path, readable: value }) =>
    except.includes(path[0]!) ? [] : [{ label, value }],
  );
}

interface ChangedValue {
  field: Field;
  label: string;
  path: readonly string[];
  value: unknown;
  /** For people. */
  readable: string;
}

/**
 * Returns the parameters that differ from their defaults, at any depth and in the order of declaration; without paths
 * of the machine.
 */
export function changed(fields: readonly Field[], values: Values): ChangedValue[] {
  return [...walk(fields, values)].flatMap((found) => {
    const { field, path, value, picked } = found;
    const isFrame = field.type === 'group' || field.type === 'pick-record';
    if (value === undefined || value === null || isFrame || field.isPath) return [];
    const isDefault = picked ? picked.id === field.default : JSON.stringify(value) === JSON.stringify(field.default);
    return isDefault ? [] : [{ field, label: field.label, path, value, readable: readable(found) }];
  });
}

function namedValues(experiment: RunDefinition, spec: Values): NamedValue[] {
  return [...walkAll(describe(experiment.params), spec)].flatMap((found) => {
    // Groups and records have no line of their own, only what is in them.
    const isFrame = found.field?.type === 'group' || found.field?.type === 'pick-record';
    if (found.value === undefined || (isFrame && isValues(found.value))) return [];
    return [namedValue(found)];
  });
}

function namedValue(found: Standing<Field> | Stray<Field>): NamedValue {
  const { field, path, within: outer, value } = found;
  const depth = outer.filter(({ type }) => type === 'pick').length;
  const labels = outer.map(({ label }) => label).reduce(within, []);
  // What only an earlier or later version knows is shown as the file has it.
  const { label, help } = field ?? { label: path.slice(-1).join(), help: '' };
  const line = { label, help, depth, value: field ? readable(found) : JSON.stringify(value) };
  return {
    path: field && found.picked && isValues(value) ? [...path, 'name'] : path,
    labels: within(labels, label),
    line,
  };
}

/** "Task", "Task seed" is "Task seed" already. */
function within(labels: readonly string[], label: string): readonly string[] {
  const outer = labels.at(-1);
  return outer !== undefined && label.startsWith(outer) ? [...labels.slice(0, -1), label] : [...labels, label];
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Formats a value for people; one that is not of the parameter's type is shown as the file has it. */
function readable({ field, value, picked }: Standing<Field>): string {
  const { type, label, unit, control } = field;
  if (field.type === 'pick')
    return picked && isValues(value) ? (titleOf(field.registry, picked.id) ?? picked.id) : JSON.stringify(value);
  if (type === 'flag' && typeof value === 'boolean') return value ? 'Yes' : 'No';
  // As typed: 5 %, not 5.0 %, which would look like a measurement.
  if (control === 'share' && typeof value === 'number') return `${Number((value * 100).toPrecision(12))}\u00a0%`;
  if (type === 'choice' && typeof value === 'string') return optionTitle(field, value);
  if (Array.isArray(value) && value.every(isPlain)) return value.length === 0 ? 'None' : value.join(', ');
  if (!isPlain(value)) return JSON.stringify(value);
  const text = formatParameter(value);
  return unit === undefined || unit === label.toLowerCase() ? text : `${text}\u00a0${unit}`;
}

const titleOf = (registry: Registry<Definition>, id: string) => (registry.has(id) ? registry.get(id).title : undefined);

const isPlain = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
