import type { Catalogue } from '../storage/catalogue.ts';

/** What a person changes of runs; what is left out stays as it is. */
export interface MarksChange {
  addTags?: readonly string[] | undefined;
  removeTags?: readonly string[] | undefined;
  notes?: string | undefined;
  pinned?: boolean | undefined;
  archived?: boolean | undefined;
}

/** Changes tags, notes and the like of runs. @throws CupbearerError `not-found`, then for none of them; `storage`. */
export function changeMarks(
  catalogue: Catalogue,
  ids: readonly string[],
  { addTags = [], removeTags = [], notes, pinned, archived }: MarksChange,
): void {
  const records = ids.map((id) => catalogue.get(id));
  for (const { id, tags } of records) {
    const kept = [...tags, ...addTags.map((tag) => tag.trim()).filter((tag) => tag !== '')];
    catalogue.update(id, {
      tags: [...new Set(kept)].filter((tag) => !removeTags.includes(tag)),
      ...(notes === undefined ? {} : { notes }),
      ...(pinned === undefined ? {} : { pinned }),
      ...(archived === undefined ? {} : { archived }),
    });
  }
}
