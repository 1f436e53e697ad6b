import type { z } from 'zod';
import { paramsOf, type Control, type FieldMeta, type PathForm } from './fields.ts';
import type { Definition, Registry } from '../definition.ts';
import { given } from '../given.ts';
import type { Condition } from './in-force.ts';

/** What a parameter is, whatever its type. */
interface FieldWords {
  key: string;
  label: string;
  help: string;
  unit?: string;
  /** What is shown if it is left out. */
  empty?: string;
  /** Seldom changed; see {@link FieldMeta}. */
  advanced?: boolean;
  control?: Control;
  /** What it depends on whether it has any effect; see {@link FieldMeta}. */
  when?: Condition;
  /** Recorded of runs, and asked of nobody; see {@link FieldMeta}. */
  isRecorded?: boolean;
  required: boolean;
  /** A text that names a file or folder; relative ones start from the user's working folder. */
  isPath?: boolean;
  /** What that text may be besides one path. */
  pathForm?: PathForm;
  default?: unknown;
  min?: number;
  max?: number;
  /** Options that people write otherwise; see {@link optionTitle}. */
  titles?: Readonly<Record<string, string>>;
}

/** A value of its own. */
interface PlainShape {
  type: 'integer' | 'number' | 'text' | 'flag' | 'integers' | 'names';
  options?: never;
  fields?: never;
  registry?: never;
  omit?: never;
}

/** One of `options`. */
interface ChoiceShape {
  type: 'choice';
  options: readonly string[];
  fields?: never;
  registry?: never;
  omit?: never;
}

/** Parameters nested below. */
interface GroupShape {
  type: 'group';
  options?: never;
  fields: readonly Field[];
  registry?: never;
  omit?: never;
}

/**
 * `pick`: one definition of `registry`, whose own parameters are nested below ({@link fieldsOfPick}). `pick-record`:
 * any number of picks under names that the user chooses.
 */
interface PickShape {
  type: 'pick' | 'pick-record';
  options?: never;
  fields?: never;
  registry: Registry<Definition>;
  /** Parameters of what is picked that are left out in this place. */
  omit?: readonly string[];
}

/** A parameter as forms, flags, help and reference pages see it, read off its zod schema. */
export type Field = FieldWords & (PlainShape | ChoiceShape | GroupShape | PickShape);

/** A parameter that picks a definition. */
export type PickField = FieldWords & PickShape;

/** What was read off schemas: a list of runs reads the same ones thousands of times. */
const described = new WeakMap<z.ZodObject, readonly Field[]>();

/** Returns the parameters of an object schema in the order of their declaration. */
export function describe(schema: z.ZodObject): readonly Field[] {
  const known = described.get(schema);
  if (known) return known;
  const fields = Object.entries(schema.shape).map(([key, field]) => describeField(key, field as z.ZodType));
  described.set(schema, fields);
  return fields;
}

/** Returns the parameters of the definition `id`, if `field` picks it. */
export function fieldsOfPick(field: PickField, id: string): readonly Field[] {
  return describe(paramsOf(field.registry.get(id), field.omit));
}

type Shape = Partial<FieldWords> & (PlainShape | ChoiceShape | GroupShape | PickShape);

function describeField(key: string, schema: z.ZodType): Field {
  const meta = (schema.meta() ?? { label: key, help: '' }) as FieldMeta;
  const { inner, optional, fallback } = unwrap(schema);
  return {
    key,
    label: meta.label,
    help: meta.help,
    ...given({ unit: meta.unit, empty: meta.empty }),
    ...(meta.advanced ? { advanced: true } : {}),
    ...given({ control: meta.control, when: meta.when, isRecorded: meta.isRecorded }),
    required: !optional && fallback === undefined,
    ...(meta['isPath'] ? { isPath: true } : {}),
    ...given({ pathForm: meta.pathForm }),
    ...given({ default: fallback }),
    ...shapeOf(inner, meta),
  };
}

function unwrap(schema: z.ZodType): { inner: z.ZodType; optional: boolean; fallback: unknown } {
  let inner = schema;
  let optional = false;
  let fallback: unknown;
  for (;;) {
    const def = inner.def as unknown as { type: string; innerType: z.ZodType; defaultValue: unknown };
    if (def.type === 'default' || def.type === 'prefault') fallback = def.defaultValue;
    else if (def.type === 'optional') optional = true;
    else return { inner, optional, fallback };
    inner = def.innerType;
  }
}

function shapeOf(schema: z.ZodType, meta: FieldMeta): Shape {
  if (typeof meta['pick'] === 'function') {
    const registry = (meta['pick'] as () => Registry<Definition>)();
    const fallback = meta['pickDefault'];
    return {
      type: meta['record'] ? 'pick-record' : 'pick',
      registry,
      ...given({ omit: meta.omit, default: fallback }),
      ...(fallback !== undefined && { required: false }),
      ...(meta['record'] || meta['optional'] ? { required: false } : {}),
    };
  }
  const def = schema.def as unknown as { type: string; element?: z.ZodType };
  switch (def.type) {
    case 'number':
      return numberShape(schema as z.ZodNumber);
    case 'boolean':
      return { type: 'flag' };
    case 'enum':
      return {
        type: 'choice',
        options: (schema as z.ZodEnum).options as string[],
        ...given({ titles: meta.titles }),
      };
    case 'string':
      return { type: 'text' };
    case 'array':
      return def.element?.def.type === 'number'
        ? { ...numberShape(def.element as z.ZodNumber), type: 'integers' }
        : { type: 'names' };
    case 'object':
      return { type: 'group', required: false, fields: describe(schema as z.ZodObject) };
    default:
      throw new Error(`describe: no field is drawn for a schema of type "${def.type}"`);
  }
}

function numberShape(schema: z.ZodNumber): Partial<FieldWords> & PlainShape {
  const isInteger = schema.format === 'safeint' || schema.format === 'int32';
  // zod gives the safe-integer range as bounds of every whole number; nobody chose that range.
  const bound = (value: number | null | undefined) =>
    value === null || value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
  const min = bound(schema.minValue);
  const max = bound(schema.maxValue);
  return {
    type: isInteger ? 'integer' : 'number',
    ...given({ min, max }),
  };
}
