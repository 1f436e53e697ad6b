import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { Registry, type Definition } from '../../shared/definition.ts';
import { describedField, type DescribedField } from '../../shared/plugin/description.ts';
import { toFields } from '../../shared/plugin/to-fields.ts';
import { describe as describeSchema, type Field } from '../../shared/schema/describe.ts';

const registry = (kind: string) =>
  new Registry<Definition>(kind, [{ id: 'one', title: 'One', summary: 'One', params: z.object({}) }]);
const registries = { dataset: registry('dataset'), trigger: registry('trigger'), model: registry('model') };
const pickable = {
  dataset: () => registries.dataset,
  trigger: () => registries.trigger,
  model: () => registries.model,
};

const words = fc.record(
  {
    label: fc.string({ minLength: 1, maxLength: 20 }),
    help: fc.string({ maxLength: 50 }),
    unit: fc.constantFrom('px', '%'),
    empty: fc.constantFrom('All'),
    advanced: fc.constant(true),
  },
  { requiredKeys: ['label', 'help'] },
);
const range = fc
  .tuple(fc.integer({ min: -1000, max: 0 }), fc.integer({ min: 0, max: 1000 }), fc.boolean())
  .map(([min, max, isBounded]) => (isBounded ? { min, max } : {}));
const kind = fc.oneof(
  range.map((bounds) => ({ type: 'number' as const, ...bounds, default: 0 })),
  range.map((bounds) => ({ type: 'integer' as const, ...bounds, default: 0 })),
  range.map((bounds) => ({ type: 'number' as const, ...bounds, optional: true })),
  range.map((bounds) => ({ type: 'integer' as const, ...bounds, optional: true })),
  fc.boolean().map((value) => ({ type: 'flag' as const, default: value })),
  fc.uniqueArray(fc.stringMatching(/^[A-Za-z][\w .+-]{0,8}$/), { minLength: 1, maxLength: 5 }).map((options) => ({
    type: 'choice' as const,
    options,
    default: options[0]!,
  })),
  fc.string({ minLength: 1, maxLength: 20 }).map((value) => ({ type: 'text' as const, default: value })),
  fc.constant({ type: 'text' as const, optional: true }),
  fc.boolean().map((optional) => ({ type: 'path' as const, ...(optional ? { optional: true } : {}) })),
  fc
    .array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })
    .map((value) => ({ type: 'integers' as const, min: 1, default: value })),
  fc.constant({ type: 'names' as const }),
  fc
    .constantFrom('dataset' as const, 'trigger' as const, 'model' as const)
    .map((of) => ({ type: 'pick' as const, registry: of, default: 'one' })),
);
const fields = fc
  .array(fc.tuple(words, kind), { maxLength: 8 })
  .map((each) => each.map(([words, kind], i) => describedField.parse({ key: `field_${i}`, ...words, ...kind })));

/** What was read off a schema, as a plugin would say it. */
function said({ required, isPath, registry, options, type, ...field }: Field): DescribedField {
  const isOptional = !required && field.default === undefined && !['names'].includes(type);
  return describedField.parse({
    ...field,
    type: isPath ? 'path' : type,
    ...(options ? { options } : {}),
    ...(registry ? { registry: registry.kind } : {}),
    ...(isOptional ? { optional: true } : {}),
  });
}

describe('toFields', () => {
  it('makes schemas that describe themselves as what they were made of', () => {
    fc.assert(
      fc.property(fields, (each) => {
        const schema = z.object(toFields(each, pickable));
        expect(describeSchema(schema).map(said)).toEqual(each);
      }),
    );
  });

  it('makes schemas that allow what is within their range and nothing else', () => {
    const schema = z.object(
      toFields(
        [describedField.parse({ key: 'k', label: 'K', help: '', type: 'integer', min: 1, max: 5, default: 3 })],
        pickable,
      ),
    );
    expect(schema.parse({})).toEqual({ k: 3 });
    expect(schema.safeParse({ k: 6 }).success).toBe(false);
    expect(schema.safeParse({ k: 1.5 }).success).toBe(false);
  });

  it.each<[string, object, string[]]>([
    ['a default outside of its range', { type: 'integer', min: 1, default: 0 }, ['fields', 'k', 'default']],
    ['a number without a default', { type: 'number' }, ['fields', 'k', 'default']],
    ['a choice of what is not offered', { type: 'choice', options: ['a'], default: 'b' }, ['fields', 'k', 'default']],
    ['a range without numbers', { type: 'number', min: 2, max: 1, default: 1 }, ['fields', 'k', 'max']],
    ['a condition on itself', { type: 'flag', default: true, when: { k: true } }, ['fields', 'k', 'when']],
  ])('refuses %s with its place', (_, field, place) => {
    const described = describedField.parse({ key: 'k', label: 'K', help: '', ...field });
    expect(() => toFields([described], pickable)).toThrow(
      expect.objectContaining({ code: 'bad-data', details: { place } }) as Error,
    );
  });
});
