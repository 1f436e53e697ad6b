import type { z } from 'zod';
import type { Definition, Registry } from '../definition.ts';
import { CupbearerError } from '../errors.ts';
import { given } from '../given.ts';
import {
  choice,
  flag,
  integer,
  integers,
  number,
  optionalInteger,
  optionalNames,
  optionalNumber,
  optionalPath,
  optionalPick,
  optionalText,
  defaultPick,
  pick,
  requiredPath,
  text,
  type FieldText,
} from '../schema/fields.ts';
import type { DescribedField } from './description.ts';

/** The registries that a plugin's definitions may pick from. */
type PickedRegistries = Readonly<Record<'dataset' | 'trigger' | 'model', () => Registry<Definition>>>;

/**
 * Makes schemas of the parameters that a plugin's definition declares: the inverse of `shared/schema/describe.ts`.
 * @throws CupbearerError `bad-data` with the path of a field whose default it would refuse itself, or that two have the key of.
 */
export function toFields(fields: readonly DescribedField[], registries: PickedRegistries): z.ZodRawShape {
  const shape: Record<string, z.ZodType> = {};
  for (const field of fields) {
    if (Object.hasOwn(shape, field.key)) throw refused(field, 'key', 'is that of another field, too');
    shape[field.key] = toField(field, registries);
  }
  for (const { key, when } of fields)
    for (const beside of Object.keys(when ?? {}))
      if (beside === key || !Object.hasOwn(shape, beside))
        throw refused({ key }, 'when', `names "${beside}", which is no field beside it`);
  return shape;
}

function toField(field: DescribedField, registries: PickedRegistries): z.ZodType {
  const schema = schemaOf(field, registries);
  if (!('default' in field) || field.default === undefined || field.type === 'pick') return schema;
  // zod takes a default as it is; a person could not have given it.
  const parsed = schema.safeParse(field.default);
  if (!parsed.success) throw refused(field, 'default', 'is not a value that the field itself allows');
  return schema;
}

function schemaOf(field: DescribedField, registries: PickedRegistries): z.ZodType {
  const words = wordsOf(field);
  switch (field.type) {
    case 'number':
    case 'integer': {
      const { default: fallback, min, max } = field;
      if (min !== undefined && max !== undefined && min > max) throw refused(field, 'max', 'is less than min');
      const range = given({ min, max });
      if (fallback !== undefined) {
        const options = { ...words, ...range, default: fallback };
        return field.type === 'integer' ? integer(options) : number(options);
      }
      if (!field.optional) throw refused(field, 'default', 'is missing; set optional where it may be left out');
      const options = { ...words, ...range };
      return field.type === 'integer' ? optionalInteger(options) : optionalNumber(options);
    }
    case 'flag':
      return flag({ ...words, default: field.default });
    case 'choice': {
      const [first, ...others] = field.options;
      if (first === undefined || !field.options.includes(field.default))
        throw refused(field, 'default', `is not one of its options: ${field.options.join(', ')}`);
      return choice({
        ...words,
        options: [first, ...others],
        default: field.default,
        ...given({ titles: field.titles }),
      });
    }
    case 'text':
      if (field.default !== undefined) return text({ ...words, default: field.default });
      if (!field.optional) throw refused(field, 'default', 'is missing; set optional where it may be left out');
      return optionalText(words);
    case 'path':
      return field.optional ? optionalPath(words) : requiredPath(words);
    case 'integers':
      return integers({ ...words, default: field.default, ...given({ min: field.min, max: field.max }) });
    case 'names':
      return optionalNames(words);
    case 'pick': {
      const registry = registries[field.registry];
      if (field.optional) return optionalPick(registry, words);
      return field.default === undefined
        ? pick(registry, words)
        : defaultPick(registry, { ...words, default: field.default });
    }
  }
}

function wordsOf({ label, help, unit, empty, advanced, control, when }: DescribedField): FieldText {
  return { label, help, ...given({ unit, empty, advanced, control, when }) };
}

function refused({ key }: Pick<DescribedField, 'key'>, part: string, what: string): CupbearerError {
  return new CupbearerError('bad-data', `Field "${key}": ${part} ${what}.`, {
    details: { place: ['fields', key, part] },
  });
}
