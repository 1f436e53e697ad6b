import { z } from 'zod';

/** A parameter that takes several values in an experiment: what figures can be drawn against. */
export const sweptAxisSchema = z.object({
  /** As the spec has it: `task.classifier.train_data.backdoor.p_backdoor`. */
  path: z.string(),
  /** What it is called on an axis. */
  label: z.string(),
  /** `choice`: values without an order of their own. */
  scale: z.enum(['linear', 'log', 'choice']),
});
export type SweptAxis = z.infer<typeof sweptAxisSchema>;

/** Where a row or a column stands in the sweep. */
export const sweptPlaceSchema = z.object({
  /** The label that all points of the sweep share. */
  base: z.string(),
  /** Its values by path: numbers, and words for what is none. */
  point: z.record(z.string(), z.union([z.number(), z.string()])),
});
export type SweptPlace = z.infer<typeof sweptPlaceSchema>;
