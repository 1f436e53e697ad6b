import { z } from 'zod';
import { draftSchema, type ExperimentDraft } from '../../../shared/domain/draft.ts';
import { readStored, store } from '../../app/stored.ts';
import { isSameDraft } from './draft-values.ts';

const key = 'earlier-drafts';
const most = 20;
const keptSchema = z.object({ drafts: z.array(draftSchema), begun: draftSchema.nullable() });
type Kept = z.infer<typeof keptSchema>;
const isKept = (value: unknown): value is Kept => keptSchema.safeParse(value).success;

/**
 * Drafts that were replaced by another one while being edited, latest first. This window remembers them between visits.
 */
class EarlierDrafts {
  #kept = $state.raw<Kept>(readStored(key, isKept, { drafts: [], begun: null }));

  get areThere(): boolean {
    return this.#kept.drafts.length > 0;
  }

  /** Whether it is as it was when it was begun with: nothing of it would be lost. */
  isUntouched(draft: ExperimentDraft): boolean {
    return isSameDraft(draft, this.#kept.begun);
  }

  /** Records what a new draft starts with, and keeps the draft that it replaces, if one is given. */
  begin(begun: ExperimentDraft, left: ExperimentDraft | null): void {
    this.#keep({ drafts: left ? [left, ...this.#kept.drafts].slice(0, most) : this.#kept.drafts, begun });
  }

  /** Returns the latest draft, and keeps the one it replaces after all others. */
  take(left: ExperimentDraft | null): ExperimentDraft | null {
    const [last, ...others] = this.#kept.drafts;
    if (last) this.#keep({ drafts: left ? [...others, left] : others, begun: null });
    return last ?? null;
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    store(key, kept);
  }
}

export const earlierDrafts = new EarlierDrafts();
