import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { runRecordSchema } from '../../shared/domain/run.ts';

/** What a person changes of runs; what is left out stays as it is. A tag that is added and removed is removed. */
export interface MarksChange {
  addTags?: readonly string[] | undefined;
  removeTags?: readonly string[] | undefined;
  title?: string | undefined;
  notes?: string | undefined;
  pinned?: boolean | undefined;
  archived?: boolean | undefined;
  locked?: boolean | undefined;
}

const tag = runRecordSchema.shape.tags.element;
const changeSchema = z.object({
  addTags: z.array(z.string().trim()).default([]),
  removeTags: z.array(z.string()).default([]),
  title: runRecordSchema.shape.title.optional(),
  notes: runRecordSchema.shape.notes.optional(),
  pinned: runRecordSchema.shape.pinned.optional(),
  archived: runRecordSchema.shape.archived.optional(),
  locked: z.boolean().optional(),
});

/** `@ids` is a JSON list: a statement changes thousands of rows in the time of a few. */
const listed = 'SELECT value FROM json_each(@ids)';
const addTag = `
  INSERT INTO run_tags (run_id, position, tag)
  SELECT value, (SELECT coalesce(max(position), -1) + 1 FROM run_tags WHERE run_id = value), @tag FROM json_each(@ids)
  WHERE NOT EXISTS (SELECT 1 FROM run_tags WHERE run_id = value AND tag = @tag)`;
const removeTag = `DELETE FROM run_tags WHERE tag = @tag AND run_id IN (${listed})`;
const markAll = `INSERT OR IGNORE INTO unmirrored_runs (run_id) ${listed} WHERE true`;

/** Ids of those runs that are in the catalogue. */
export const selectKnown = 'SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?))';

/** Changes the rows of runs, which must be there, and marks that `run.json` has to follow; within a transaction. */
export function markRows(prepared: (sql: string) => Statement, ids: readonly string[], change: MarksChange): void {
  const { addTags, removeTags, ...values } = changeSchema.parse(change);
  const all = { ids: JSON.stringify(ids) };
  prepared(markAll).run(all);
  for (const added of new Set(addTags))
    if (tag.safeParse(added).success && !removeTags.includes(added)) prepared(addTag).run({ ...all, tag: added });
  for (const removed of new Set(removeTags)) prepared(removeTag).run({ ...all, tag: removed });
  for (const [column, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const stored = typeof value === 'boolean' ? Number(value) : value;
    prepared(`UPDATE runs SET ${column} = @value WHERE id IN (${listed})`).run({ ...all, value: stored });
  }
}
