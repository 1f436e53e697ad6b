import { z } from 'zod';

const packed = z.instanceof(Blob);

/**
 * A few samples for people to look at. Images: packed arrays `clean` and, if they are changed, `changed`, both
 * float32 `[n, height, width, channels]` with values 0 to 1. Texts as they are.
 */
export const sampleSetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('images'),
    shape: z.array(z.number()),
    count: z.number(),
    arrays: packed,
    labels: z.array(z.string()),
    /** Labels after the change, if it changes them. */
    changedLabels: z.array(z.string()).nullable(),
    indices: z.array(z.number()),
  }),
  z.object({
    kind: z.literal('texts'),
    clean: z.array(z.string()),
    changed: z.array(z.string()).nullable(),
    labels: z.array(z.string()),
    changedLabels: z.array(z.string()).nullable(),
    indices: z.array(z.number()),
  }),
  /** There is nothing to look at, and why. */
  z.object({ kind: z.literal('none'), reason: z.string() }),
]);
export type SampleSet = z.infer<typeof sampleSetSchema>;

/** A test sample and what the model takes it for. */
export const closeSampleSchema = z.object({
  /**
   * It alone: `changed` is what was scored, `clean` what that was made of; a sample that was not changed is `clean`.
   */
  sample: sampleSetSchema,
  /** Number of its own class, before any change. */
  trueClass: z.int(),
  /**
   * The likeliest classes, the first being the predicted one, then the true class unless it is among them; null without
   * classes.
   */
  likely: z.array(z.object({ class: z.int(), name: z.string(), probability: z.number() })).nullable(),
  /** What the probabilities of all other classes add up to. */
  others: z.object({ count: z.int(), probability: z.number() }),
});
export type CloseSample = z.infer<typeof closeSampleSchema>;

/** A few samples of a task's test data. */
export const testPreviewSchema = z.object({
  /** As they are and, where the anomalous ones are made of them, as these are. */
  samples: sampleSetSchema,
  /** What is normal in the test where that is not `samples` as they are: the same ones, changed harmlessly. */
  normal: sampleSetSchema.nullable(),
  /** Anomalous samples that have nothing to do with `samples`. */
  unpaired: sampleSetSchema.nullable(),
  /** Why there are no anomalous samples to see, and what to know of the data. */
  note: z.string().nullable(),
});
export type TestPreview = z.infer<typeof testPreviewSchema>;
