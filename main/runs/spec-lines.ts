import type { SpecLine } from '../../shared/domain/draft.ts';
import { formatParameter } from '../../shared/format.ts';
import { describe, fieldsOfPick, type Field } from '../../shared/schema/describe.ts';
import { optionTitle } from '../../shared/schema/option-title.ts';
import type { RunDefinition } from './run-definition.ts';

type Values = Readonly<Record<string, unknown>>;

/** A parameter as people read it, and where it stands in the spec. */
interface NamedValue {
  /** `['detector', 'rcond']`; that of a picked definition ends in `name`. */
  path: readonly string[];
  /** From the outside in: "Detector", "Cutoff". */
  labels: readonly string[];
  line: SpecLine;
}

/**
 * A spec as people read it, a line a parameter, those of picked definitions below the line that names them. The spec may hold
 * anything: what does not fit the experiment stands there as it is.
 */
export function specLines(experiment: RunDefinition, spec: Values): SpecLine[] {
  return namedValues(experiment, spec).map(({ line }) => line);
}

/**
 * What people call the parameter at `path` of a spec, from the outside in: `['detector', 'rcond']` is "Detector", "Cutoff"; the
 * `name` of what was picked goes by the label of what it was picked for. undefined where the spec has no such parameter.
 */
export function parameterLabels(
  experiment: RunDefinition,
  spec: Values,
  path: readonly string[],
): readonly string[] | undefined {
  const place = path.join('.');
  return namedValues(experiment, spec).find((named) => named.path.join('.') === place)?.labels;
}

function namedValues(experiment: RunDefinition, spec: Values): NamedValue[] {
  return below(describe(experiment.params), spec, { path: [], labels: [], depth: 0 });
}

interface Place {
  path: readonly string[];
  labels: readonly string[];
  depth: number;
}

function below(fields: readonly Field[], values: Values, place: Place): NamedValue[] {
  const known = fields.flatMap((field) => {
    const value = values[field.key];
    return value === undefined ? [] : ofField(field, value, { ...place, path: [...place.path, field.key] });
  });
  const keys = new Set([...fields.map(({ key }) => key), 'name']);
  const unknown = Object.entries(values).filter(([key, value]) => !keys.has(key) && value !== undefined);
  return [
    ...known,
    // What an earlier or a later version knows stands there as the file has it.
    ...unknown.map(([key, value]) =>
      named({ ...place, path: [...place.path, key] }, { label: key, help: '' }, JSON.stringify(value)),
    ),
  ];
}

function ofField(field: Field, value: unknown, place: Place): NamedValue[] {
  if (field.type === 'pick-record' && isValues(value))
    return Object.entries(value).flatMap(([name, one]) =>
      ofPick({ ...field, label: `${field.label} ${name}` }, one, { ...place, path: [...place.path, name] }),
    );
  if (field.type === 'pick') return ofPick(field, value, place);
  if (field.type === 'group' && isValues(value))
    return below(field.fields!, value, { ...place, labels: within(place.labels, field.label) });
  return [named(place, field, readable(field, value))];
}

function ofPick(field: Field, value: unknown, place: Place): NamedValue[] {
  const name = isValues(value) ? value['name'] : undefined;
  if (!isValues(value) || typeof name !== 'string') return [named(place, field, JSON.stringify(value))];
  const definition = field.registry!.has(name) ? field.registry!.get(name) : undefined;
  const inner = { ...place, labels: within(place.labels, field.label), depth: place.depth + 1 };
  return [
    named({ ...place, path: [...place.path, 'name'] }, field, definition?.title ?? name),
    ...below(definition ? fieldsOfPick(field, name) : [], value, inner),
  ];
}

function named(place: Place, { label, help }: Pick<Field, 'label' | 'help'>, value: string): NamedValue {
  return { path: place.path, labels: within(place.labels, label), line: { label, help, value, depth: place.depth } };
}

/** "Task", "Task seed" is "Task seed" already. */
function within(labels: readonly string[], label: string): readonly string[] {
  const outer = labels.at(-1);
  return outer !== undefined && label.startsWith(outer) ? [...labels.slice(0, -1), label] : [...labels, label];
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as people read it; one that is not of the parameter's type stands there as the file has it. */
function readable({ type, label, unit, control, titles }: Field, value: unknown): string {
  if (type === 'flag' && typeof value === 'boolean') return value ? 'Yes' : 'No';
  // As it is typed: 5 %, not 5.0 %, which would be a measurement.
  if (control === 'share' && typeof value === 'number') return `${Number((value * 100).toPrecision(12))}\u00a0%`;
  if (type === 'choice' && typeof value === 'string') return optionTitle({ titles }, value);
  if (Array.isArray(value) && value.every(isPlain)) return value.length === 0 ? 'None' : value.join(', ');
  if (!isPlain(value)) return JSON.stringify(value);
  const text = formatParameter(value);
  return unit === undefined || unit === label.toLowerCase() ? text : `${text}\u00a0${unit}`;
}

const isPlain = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
