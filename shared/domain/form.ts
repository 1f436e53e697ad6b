import { z } from 'zod';
import { pluginVersionSchema } from '../plugin/manifest.ts';
import { controls, type Control } from '../schema/fields.ts';
import type { Condition } from '../schema/in-force.ts';
import { proposals } from '../training-data.ts';

/**
 * A definition with its parameters as `{ name: 'corner', target_class: 0, ... }`; parameters left out take defaults.
 */
export const pickedSchema = z.looseObject({ name: z.string().min(1) });

/** What a parameter is, as `shared/schema/describe.ts` reads it off a schema, in a form that can travel. */
export interface FormField {
  key: string;
  type: 'integer' | 'number' | 'text' | 'flag' | 'choice' | 'integers' | 'names' | 'group' | 'pick' | 'pick-record';
  label: string;
  help: string;
  unit?: string | undefined;
  /** What is shown if it is left out. */
  empty?: string | undefined;
  /** Rarely changed: hidden behind "More" while it has its default. */
  advanced?: boolean | undefined;
  /** A special control, if the type does not determine it. */
  control?: Control | undefined;
  /** By the key of a field beside it, the value with which it has any effect. */
  when?: Condition | undefined;
  required: boolean;
  /** A text that names a file or folder. */
  isPath?: boolean | undefined;
  default?: unknown;
  min?: number | undefined;
  max?: number | undefined;
  options?: string[] | undefined;
  /** Options that people write otherwise than `optionTitle` would: `{ pgd: 'PGD' }`. */
  titles?: Readonly<Record<string, string>> | undefined;
  /** `group`: the fields below it. */
  fields?: FormField[] | undefined;
  /** `pick`, `pick-record`: the {@link FormRegistry.kind} it picks from, and parameters left out in this place. */
  registry?: string | undefined;
  omit?: string[] | undefined;
}

const formFieldSchema: z.ZodType<FormField> = z.lazy(() =>
  z.object({
    key: z.string(),
    type: z.enum(['integer', 'number', 'text', 'flag', 'choice', 'integers', 'names', 'group', 'pick', 'pick-record']),
    label: z.string(),
    help: z.string(),
    unit: z.string().optional(),
    empty: z.string().optional(),
    advanced: z.boolean().optional(),
    control: z.enum(controls).optional(),
    when: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
    required: z.boolean(),
    isPath: z.boolean().optional(),
    default: z.unknown().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    options: z.array(z.string()).optional(),
    titles: z.record(z.string(), z.string()).optional(),
    fields: z.array(formFieldSchema).optional(),
    registry: z.string().optional(),
    omit: z.array(z.string()).optional(),
  }),
);

const formDefinitionSchema = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  source: z.string().optional(),
  details: z.string().optional(),
  fields: z.array(formFieldSchema),
  /** The plugin that adds it. */
  plugin: pluginVersionSchema.optional(),
  /** Detectors: what the task must offer. */
  needs: z.record(z.string(), z.union([z.boolean(), z.number()])).optional(),
  /** Datasets that add a trigger to other data: the parameters that name both. */
  poisons: z.object({ original: z.string(), trigger: z.string() }).optional(),
  /**
   * Tasks: the only dataset that their classifier may be trained on, and the classifiers for which they are proposed.
   */
  trainedOn: z.object({ dataset: z.string() }).optional(),
  proposedFor: z.enum(proposals).optional(),
  /** Tasks: whether they bring along what was recorded of a model, and watch no classifier. */
  isRecorded: z.boolean().optional(),
  /** Tasks: what their anomalous and, where these are not clean, their normal test samples are called. */
  words: z.object({ anomalous: z.string(), normal: z.string().optional() }).optional(),
});
export type FormDefinition = z.infer<typeof formDefinitionSchema>;

/** All definitions of one kind: "detector", "task", "dataset", "trigger", "model", "optimizer", "experiment". */
export const formRegistrySchema = z.object({ kind: z.string(), definitions: z.array(formDefinitionSchema) });
export type FormRegistry = z.infer<typeof formRegistrySchema>;

/** An invalid value: its path in the draft, and what is wrong in one sentence. */
export const faultSchema = z.object({ path: z.array(z.string()), message: z.string() });
export type Fault = z.infer<typeof faultSchema>;
