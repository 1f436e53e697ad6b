import fc from 'fast-check';
import type { z } from 'zod';

/** What of a zod schema's inside is looked at here. */
interface Inside {
  type: string;
  element?: z.ZodType;
  valueType?: z.ZodType;
  innerType?: z.ZodType;
  shape?: Record<string, z.ZodType>;
  entries?: Record<string, string>;
  values?: readonly unknown[];
  options?: readonly z.ZodType[];
  checks?: readonly { _zod: { def: { check: string; format?: string; pattern?: RegExp; value?: number } } }[];
  format?: string;
}

/** Keys that objects have by birth, or that specs of this program have: what a careless reader trips over. */
const keys = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'then', 'length', ''),
  fc.constantFrom('name', 'model', 'train_data', 'task', 'detector', 'original', 'backdoor', 'run_path', 'path', 'seed', 'layers', 'hidden_dims', 'change', 'data', 'imported', 'batch_size', 'val_data'), // prettier-ignore
  fc.string({ maxLength: 8 }),
);

const words = fc.oneof(
  fc.constantFrom('', 'mlp', 'cnn', 'mnist', 'glyphs', 'backdoor', 'corner', 'wanet', 'mahalanobis', 'knn', 'from_run', 'adam', '__proto__', 'constructor', '\0', '/tmp/../..', '<b>', '=1+1', '${IFS}'), // prettier-ignore
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const numbers = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 1e21, 1e308, -1e308, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 31),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** JSON of any shape and depth, with keys and words that somebody would choose to do harm. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec<{ json: unknown; object: object }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    numbers,
    words,
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(keys, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
})).json;

/** A JSON object like {@link hostileJson}. */
export const hostileObject: fc.Arbitrary<Record<string, unknown>> = fc
  .array(fc.tuple(keys, hostileJson), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));

/** JSON so deep that functions that call themselves run out of stack. */
const deepJson: fc.Arbitrary<unknown> = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.constantFrom('original', 'layers', '__proto__'), hostileJson)
  .map(([levels, key, inside]) => {
    let value = inside;
    for (let level = 0; level < levels; level++) value = { name: 'backdoor', [key]: value };
    return value;
  });

/**
 * Whatever a schema accepts; what it leaves open (`z.unknown()`) is hostile. Each part is made to be accepted by itself: a whole of
 * a hundred parts would hardly ever be.
 */
export function accepted<S extends z.ZodType>(schema: S): fc.Arbitrary<z.input<S>> {
  return raw(schema).filter((value) => schema.safeParse(value).success) as fc.Arbitrary<z.input<S>>;
}

function raw(schema: z.ZodType): fc.Arbitrary<unknown> {
  const def = schema.def as unknown as Inside;
  switch (def.type) {
    case 'string':
      return textOf(def);
    case 'number':
      return numberOf(def);
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries!));
    case 'literal':
      return fc.constantFrom(...def.values!);
    case 'nullable':
      return fc.option(accepted(def.innerType!), { nil: null });
    case 'optional':
    case 'readonly':
      return accepted(def.innerType!);
    case 'union':
      return fc.oneof(...def.options!.map((option) => accepted(option)));
    case 'array':
      return fc.array(accepted(def.element!), { maxLength: 4 });
    case 'record':
      return fc
        .array(fc.tuple(keys, accepted(def.valueType!)), { maxLength: 4 })
        .map((entries) => Object.fromEntries(entries));
    case 'object':
      return objectOf(def.shape!);
    case 'unknown':
      return fc.oneof({ weight: 6, arbitrary: hostileJson }, { weight: 1, arbitrary: deepJson });
    default:
      throw new Error(`accepted: nothing is made for a schema of type "${def.type}"`);
  }
}

/** Within its bounds, on them, and where there are none anything. */
function numberOf({ format, checks = [] }: Inside): fc.Arbitrary<number> {
  const bounds = (side: string) => checks.flatMap(({ _zod: { def } }) => (def.check === side ? [def.value!] : []));
  const min = Math.max(...bounds('greater_than'));
  const max = Math.min(...bounds('less_than'));
  if (format === 'safeint' || checks.some(({ _zod: { def } }) => def.format === 'safeint')) {
    const [least, most] = [Math.max(min, Number.MIN_SAFE_INTEGER), Math.min(max, Number.MAX_SAFE_INTEGER)];
    return fc.oneof(
      fc.integer({ min: Math.max(least, -(2 ** 31)), max: Math.min(most, 2 ** 31) }),
      fc.constantFrom(least, most),
    );
  }
  if (min === -Infinity && max === Infinity) return numbers;
  return fc.oneof(
    fc.double({ min, max, noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(...[min, max].filter(Number.isFinite)),
  );
}

function textOf({ format, checks = [] }: Inside): fc.Arbitrary<string> {
  const pattern = checks.map(({ _zod: { def } }) => def.pattern).find((found) => found !== undefined);
  if (format === 'datetime')
    return fc
      .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  return pattern ? fc.stringMatching(pattern) : words;
}

function objectOf(shape: Record<string, z.ZodType>): fc.Arbitrary<Record<string, unknown>> {
  const isOptional = (key: string) => (shape[key]!.def as unknown as Inside).type === 'optional';
  const fields = Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, accepted(field)]));
  return fc.record(fields, { requiredKeys: Object.keys(shape).filter((key) => !isOptional(key)) });
}
