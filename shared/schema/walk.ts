import { fieldsOfPick, type Field } from './describe.ts';

/** What a walk asks of a parameter: a {@link Field}, or the form in which it travels to the window. */
interface Parameter<F> {
  readonly key: string;
  readonly type: Field['type'];
  readonly label: string;
  readonly default?: unknown;
  readonly fields?: readonly F[] | undefined;
}

/** Returns the parameters of the definition `id`, if `field` picks it; undefined if there is no such definition. */
type FieldsOfPick<F> = (field: F, id: string) => readonly F[] | undefined;

type Values = Readonly<Record<string, unknown>>;

/** A parameter in its place among values, which may be of any kind. */
export interface Standing<F> {
  /** An entry of a `pick-record` is a `pick` of its own, labelled by record and name. */
  readonly field: F;
  /** Keys from the outermost values to this one. */
  readonly path: string[];
  /** The groups and picks that contain it, outermost first. */
  readonly within: readonly F[];
  /** Its value; undefined if it has none. */
  readonly value: unknown;
  /** Of a pick, be it by default: the id and the values beside it. undefined if the value names nothing. */
  readonly picked?: {
    readonly id: string;
    readonly values: Values;
    /** Its parameters; undefined if there is no such definition. */
    readonly fields: readonly F[] | undefined;
  };
}

/** A value under a key that no parameter has, for example from another version. */
export interface Stray<F> extends Pick<Standing<F>, 'path' | 'within' | 'value'> {
  readonly field?: undefined;
}

/**
 * Every parameter among `values` in the order of declaration, each before those inside it. What is picked by default
 * is walked into like what is picked by name; below a definition that is not known there is no parameter.
 */
export function* walk(
  fields: readonly Field[],
  values: Values,
  path: readonly string[] = [],
): Generator<Standing<Field>> {
  for (const one of walkAll(fields, values, path)) if (one.field) yield one;
}

/** As {@link walk}, with the values that are no parameter's behind the parameters beside which they stand. */
export function* walkAll(
  fields: readonly Field[],
  values: Values,
  path: readonly string[] = [],
  within: readonly Field[] = [],
): Generator<Standing<Field> | Stray<Field>> {
  for (const field of fields) {
    const value = ownValue(values, field.key);
    const at = [...path, field.key];
    if (field.type === 'pick') yield* walkPick(field, value, at, within);
    else yield { field, path: at, within, value };
    if (field.type === 'group') yield* walkAll(field.fields, asValues(value) ?? {}, at, [...within, field]);
    if (field.type !== 'pick-record') continue;
    for (const [name, one] of Object.entries(asValues(value) ?? {}))
      yield* walkPick(entryOf(field, name), one, [...at, name], within);
  }
  const known = new Set(fields.map(({ key }) => key));
  for (const [key, value] of Object.entries(values))
    if (!known.has(key) && value !== undefined) yield { path: [...path, key], within, value };
}

function* walkPick(
  field: Field,
  value: unknown,
  path: string[],
  within: readonly Field[],
): Generator<Standing<Field> | Stray<Field>> {
  const picked = pickedBy(knownFields, field, value);
  yield { field, path, within, value, ...(picked && { picked }) };
  if (picked) yield* walkAll(picked.fields ?? [], picked.values, path, [...within, field]);
}

/** A copy of `values` in which `change` has replaced what it wants to: a pick before what is inside it. */
export function mapValues<F extends Parameter<F>>(
  fieldsOf: FieldsOfPick<F>,
  fields: readonly F[],
  values: Values,
  change: (field: F, value: unknown) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...values };
  for (const field of fields) {
    const value = mapped(field, ownValue(values, field.key));
    if (value !== undefined) result[field.key] = value;
  }
  return result;

  function mapped(field: F, before: unknown): unknown {
    const value = change(field, before);
    const inside = asValues(value);
    if (!inside) return value;
    if (field.type === 'group') return mapValues(fieldsOf, field.fields ?? [], inside, change);
    if (field.type === 'pick')
      return mapValues(fieldsOf, pickedBy(fieldsOf, field, value)?.fields ?? [], inside, change);
    if (field.type !== 'pick-record') return value;
    return Object.fromEntries(Object.entries(inside).map(([name, one]) => [name, mapped(entryOf(field, name), one)]));
  }
}

/** The parameters of a definition that a registry knows. */
export const knownFields: FieldsOfPick<Field> = (field, id) =>
  field.registry?.has(id) ? fieldsOfPick(field, id) : undefined;

function pickedBy<F extends Parameter<F>>(fieldsOf: FieldsOfPick<F>, field: F, value: unknown): Standing<F>['picked'] {
  const given = value ?? field.default;
  const { name, ...values } = asValues(given) ?? {};
  const id = typeof given === 'string' ? given : name;
  return typeof id === 'string' ? { id, values, fields: fieldsOf(field, id) } : undefined;
}

/** An entry of a record of picks, as a parameter. */
function entryOf<F extends Parameter<F>>(field: F, name: string): F {
  return { ...field, key: name, type: 'pick', label: `${field.label} ${name}` };
}

/** What an object has under a key of its own, and not by birth. */
function ownValue(values: Values, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function asValues(value: unknown): Values | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
}
