import { z } from 'zod';
import { controls } from '../schema/fields.ts';
import { definitionId } from './manifest.ts';

const line = z.string().max(500);

const fieldWords = {
  key: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be a name in snake case'),
  label: z.string().min(1).max(100),
  help: line,
  unit: z.string().max(20).optional(),
  /** What is shown where it is left out. */
  empty: z.string().max(100).optional(),
  advanced: z.boolean().optional(),
  control: z.enum(controls).optional(),
  /** By the key of a field beside it, the value that it must have for this one to matter. */
  when: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
  /** Whether it may be left out without a default. */
  optional: z.boolean().optional(),
};
const range = { min: z.number().optional(), max: z.number().optional() };

/** What a person chooses; options that are numbers would change their order. */
const option = z
  .string()
  .max(100)
  .regex(/^[A-Za-z][\w .+-]*$/, 'must begin with a letter; for numbers there are fields of type integer');

/** A parameter of a plugin's definition: the fields of `shared/schema/fields.ts` in a form that travels. */
export const describedField = z.discriminatedUnion('type', [
  z.strictObject({ ...fieldWords, ...range, type: z.literal('number'), default: z.number().optional() }),
  z.strictObject({ ...fieldWords, ...range, type: z.literal('integer'), default: z.int().optional() }),
  z.strictObject({ ...fieldWords, type: z.literal('flag'), default: z.boolean() }),
  z.strictObject({
    ...fieldWords,
    type: z.literal('choice'),
    options: z.array(option).min(1).max(100),
    titles: z.record(z.string(), z.string().max(100)).optional(),
    default: z.string(),
  }),
  z.strictObject({ ...fieldWords, type: z.literal('text'), default: z.string().min(1).max(10_000).optional() }),
  z.strictObject({ ...fieldWords, type: z.literal('path') }),
  z.strictObject({ ...fieldWords, ...range, type: z.literal('integers'), default: z.array(z.int()).max(100) }),
  z.strictObject({ ...fieldWords, type: z.literal('names') }),
  /** One of the program's definitions of a kind, with its parameters. */
  z.strictObject({
    ...fieldWords,
    type: z.literal('pick'),
    registry: z.enum(['dataset', 'trigger', 'model']),
    default: z.string().optional(),
  }),
]);
export type DescribedField = z.infer<typeof describedField>;

const definitionWords = {
  id: definitionId,
  title: z.string().min(1).max(100),
  summary: z.string().min(1).max(300),
  source: z.string().max(500).optional(),
  details: z.string().max(5_000).optional(),
  fields: z.array(describedField).max(100),
};

/** What a detector may ask for across a pipe: all that is data. The model itself stays where it is. */
const describedNeeds = z.strictObject({
  trusted: z.boolean().optional(),
  untrusted: z.boolean().optional(),
  anomalyLabels: z.boolean().optional(),
  logits: z.boolean().optional(),
  inputs: z.boolean().optional(),
  images: z.boolean().optional(),
  layers: z.int().min(0).max(1_000).optional(),
});

/** What one of a plugin's definitions says of itself once its code has run: a built-in definition without its functions. */
export const describedDefinition = z.discriminatedUnion('kind', [
  z.strictObject({
    ...definitionWords,
    kind: z.literal('detector'),
    needs: describedNeeds,
    dependsOnBatch: z.boolean().optional(),
    dependsOnScale: line.optional(),
  }),
  z.strictObject({ ...definitionWords, kind: z.literal('trigger'), changes: z.enum(['images', 'texts']) }),
  z.strictObject({ ...definitionWords, kind: z.literal('dataset') }),
  /** A model that runs in the plugin, with data of its own: watched as a task. */
  z.strictObject({
    ...definitionWords,
    kind: z.literal('model'),
    anomalous: z.string().max(60).optional(),
    threat: line.optional(),
  }),
  z.strictObject({
    ...definitionWords,
    kind: z.literal('task'),
    threat: line,
    anomalous: z.string().max(60).optional(),
    normal: z.string().max(60).optional(),
  }),
]);
export type DescribedDefinition = z.infer<typeof describedDefinition>;
export type Described<K extends DescribedDefinition['kind']> = Extract<DescribedDefinition, { kind: K }>;
