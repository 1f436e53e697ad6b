import { z } from 'zod';

/** What a parameter of a spec may be worth in a table. Lists are written out; what was picked is its id. */
const specValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type SpecValue = z.infer<typeof specValueSchema>;

/**
 * Where a path into the spec of a run begins. `classifier`: the training that the run builds on, or is; `detector`: the
 * method, for an evaluation that of the detector it evaluates; `evaluation`: what else a detector or an evaluation was
 * asked for.
 */
export const specRoots = ['task', 'detector', 'classifier', 'evaluation'] as const;

/** A parameter of runs by its path, as sweeps name it: `classifier.train_data.backdoor.p_backdoor`. */
export const specPathSchema = z
  .string()
  .max(300)
  .regex(
    new RegExp(`^(?:${specRoots.join('|')})(?:\\.[\\w-]+){0,12}$`),
    `must be a path that begins with ${specRoots.join(', ')}, as in task.max_test_size.`,
  );

/** Whether a word is a path into specs. */
export const isSpecPath = (word: string): boolean => specPathSchema.safeParse(word).success;

/** A parameter that runs of the catalogue have. */
export const specFieldSchema = z.object({
  path: z.string(),
  /** From the outside in: "Task", "Most test samples". */
  labels: z.array(z.string()),
  /** It is a share of something, 0 to 1, which people read in per cent. */
  isShare: z.boolean(),
  /** How many different values it has among the runs; counted up to {@link mostCountedValues}. */
  values: z.int().nonnegative(),
});
export type SpecField = z.infer<typeof specFieldSchema>;

/** Beyond these, values of a field are not counted. */
export const mostCountedValues = 100;

/** Most fields that are asked for at a time. */
export const mostAskedFields = 40;

/** Values of fields for some runs: of each field those that occur, and which of them each run has. */
export const specValuesSchema = z.object({
  ids: z.array(z.string()),
  fields: z.array(z.object({ values: z.array(specValueSchema), of: z.array(z.int().nonnegative()) })),
});
export type SpecValues = z.infer<typeof specValuesSchema>;
