import { z } from 'zod';

const packed = z.instanceof(Blob);

/**
 * A few samples for people to look at. Images: packed arrays `clean` and, where something is done to them, `changed`, both
 * float32 `[n, height, width, channels]` with values 0 to 1; `before`, alike, where some of them are others' poisoned twins. Texts as
 * they are.
 */
export const sampleSetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('images'),
    shape: z.array(z.number()),
    count: z.number(),
    arrays: packed,
    /** Which of them `before` has as they were. */
    hasBefore: z.array(z.boolean()).exactOptional(),
    labels: z.array(z.string()),
    /** Labels after the change, where it changes them. */
    changedLabels: z.array(z.string()).nullable(),
    indices: z.array(z.number()),
  }),
  z.object({
    kind: z.literal('texts'),
    clean: z.array(z.string()),
    changed: z.array(z.string()).nullable(),
    /** As they were before they got a trigger; null for those that carry none. */
    before: z.array(z.string().nullable()).exactOptional(),
    labels: z.array(z.string()),
    changedLabels: z.array(z.string()).nullable(),
    indices: z.array(z.number()),
  }),
  /** There is nothing to look at, and why. */
  z.object({ kind: z.literal('none'), reason: z.string() }),
]);
export type SampleSet = z.infer<typeof sampleSetSchema>;

/** A few samples of a task's test data. */
export const testPreviewSchema = z.object({
  /** As they are and, where the anomalous ones are made of them, as these are. */
  samples: sampleSetSchema,
  /** What is normal in the test where that is not `samples` as they are: the same ones, changed harmlessly. */
  normal: sampleSetSchema.nullable(),
  /** Anomalous samples that have nothing to do with `samples`. */
  unpaired: sampleSetSchema.nullable(),
  /** Why there are no anomalous samples to see. */
  note: z.string().nullable(),
});
export type TestPreview = z.infer<typeof testPreviewSchema>;
