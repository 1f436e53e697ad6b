import type { Catalogue } from '../storage/catalogue.ts';
import { breath } from './breath.ts';

/** What a person changes of runs; what is left out stays as it is. */
export interface MarksChange {
  addTags?: readonly string[] | undefined;
  removeTags?: readonly string[] | undefined;
  notes?: string | undefined;
  pinned?: boolean | undefined;
  archived?: boolean | undefined;
}

/** Runs that are changed without a breath: each change is on the disk before the next begins. */
const mostAtOnce = 5;

/** Changes tags, notes and the like of runs. @throws CupbearerError `not-found`, then for none of them; `storage`. */
export async function changeMarks(
  catalogue: Catalogue,
  ids: readonly string[],
  { addTags = [], removeTags = [], notes, pinned, archived }: MarksChange,
): Promise<void> {
  const known: string[] = [];
  for (const id of ids) {
    known.push(catalogue.get(id).id);
    if (known.length % mostAtOnce === 0) await breath();
  }
  for (const [i, id] of known.entries()) {
    if (i % mostAtOnce === 0) await breath();
    const run = catalogue.find(id);
    // Removed by somebody else in the meantime.
    if (!run) continue;
    const kept = [...run.tags, ...addTags.map((tag) => tag.trim()).filter((tag) => tag !== '')];
    catalogue.update(id, {
      tags: [...new Set(kept)].filter((tag) => !removeTags.includes(tag)),
      ...(notes === undefined ? {} : { notes }),
      ...(pinned === undefined ? {} : { pinned }),
      ...(archived === undefined ? {} : { archived }),
    });
  }
}
