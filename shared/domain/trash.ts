import { z } from 'zod';

/** So many days after it was deleted, what lies in the trash is deleted for good. */
export const trashDays = 30;

/** What can lie in the trash: a run with all in its folder, or an experiment with all of its runs. */
export const trashKinds = ['run', 'experiment'] as const;

/** Something that was deleted and can be restored. */
export const trashItemSchema = z.object({
  /** Sortable by time of deletion, as ids of runs are. */
  id: z.string(),
  what: z.enum(trashKinds),
  name: z.string(),
  /** Where it was, absolute. */
  folder: z.string(),
  trashed_at: z.string(),
  /** Ids of the runs in it: a run with the evaluations in its folder, or the runs of an experiment. */
  runs: z.array(z.string()),
  /** Bytes on disk; null until they are counted. */
  bytes: z.number().nullable(),
});
export type TrashItem = z.infer<typeof trashItemSchema>;

/** What came back out of the trash, and where it is now. */
export const restoredSchema = z.object({
  name: z.string(),
  folder: z.string(),
  /** Whether something else has its old place, so that it lies beside that. */
  isBeside: z.boolean(),
  /** What an experiment is called now that another has its name; null if it kept it. */
  renamed: z.string().nullable(),
});
export type Restored = z.infer<typeof restoredSchema>;

/** When the program deletes something for good, ms since the epoch. */
export function trashEnd({ trashed_at }: Pick<TrashItem, 'trashed_at'>): number {
  return Date.parse(trashed_at) + trashDays * 24 * 3_600_000;
}
