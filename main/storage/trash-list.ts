import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { trashItemSchema, trashKinds } from '../../shared/domain/trash.ts';
import { appendPrivateLine, discardFile } from './private-files.ts';
import { parseLine } from './json-lines.ts';
import { readFileBytes } from './read-file.ts';

/** What the list says of something in the trash: enough to list it and to restore it without a catalogue. */
const noteSchema = trashItemSchema.omit({ bytes: true }).extend({
  what: z.enum(trashKinds),
  place: z.string(),
  /** Paths of the runs that stayed where they were, relative to its folder. */
  kept: z.array(z.string()),
});
export type TrashNote = z.infer<typeof noteSchema>;

const goneSchema = z.object({ gone: z.string() });

/**
 * `trash.jsonl` beside the catalogue: a line for all that was put into the trash, and one that it is gone from there, only ever
 * added to, so that what is in the trash of a lost catalogue is still there and does not come back as a run.
 */
function trashListPath(catalogueFile: string): string {
  return join(dirname(catalogueFile), 'trash.jsonl');
}

/** @throws CupbearerError `storage`. */
export function addToTrashList(catalogueFile: string, note: TrashNote): void {
  appendPrivateLine(trashListPath(catalogueFile), JSON.stringify(note));
}

/** @throws CupbearerError `storage`. */
export function removeFromTrashList(catalogueFile: string, id: string): void {
  appendPrivateLine(trashListPath(catalogueFile), JSON.stringify({ gone: id }));
}

/** Removes the list: nothing is in the trash. */
export function clearTrashList(catalogueFile: string): void {
  discardFile(trashListPath(catalogueFile));
}

/**
 * Returns what is in the trash according to the list, what was added first being first. Passes over lines that a crash cut off.
 * @throws CupbearerError `storage`.
 */
export function readTrashList(catalogueFile: string): TrashNote[] {
  const path = trashListPath(catalogueFile);
  if (!existsSync(path)) return [];
  const notes = new Map<string, TrashNote>();
  for (const text of new TextDecoder().decode(readFileBytes(path)).split('\n')) {
    const line = parseLine(text);
    const gone = goneSchema.safeParse(line);
    if (gone.success) notes.delete(gone.data.gone);
    const note = noteSchema.safeParse(line);
    if (note.success) notes.set(note.data.id, note.data);
  }
  return [...notes.values()];
}
