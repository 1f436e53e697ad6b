import type { Settings } from '../../../shared/domain/settings.ts';
import { settings } from '../../app/settings.svelte.ts';
import { forget, isTexts, readStored, store } from '../../app/stored.ts';
import { withOldChoices } from './old-choices.ts';

/** Where the first versions stored saved filters and hidden columns: in the browser only. */
const old = { filters: 'filters', columns: 'hidden-columns' };
/** A copy of the settings, so that the first paint has the columns. */
const copy = 'run-columns';

const isTextsOrNull = (value: unknown): value is string[] | null => value === null || isTexts(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';

/** The columns that this window showed when it was last open; null for those that are there at first. */
export const lastColumns = (): string | null => readStored(copy, isTextOrNull, null);

/** Moves what an earlier version kept into views and columns of the settings; it is forgotten once it is there. */
export async function adoptOldChoices(): Promise<void> {
  const filters = readStored(old.filters, isTexts, []);
  const columns = readStored(old.columns, isTextsOrNull, null);
  const { savedFilters = [], hiddenColumns = null } = settings.value ?? {};
  if (filters.length > 0 || columns !== null || savedFilters.length > 0 || hiddenColumns !== null)
    await settings.change((now) => withOldChoices(now, filters, columns));
  forget(old.filters);
  forget(old.columns);
}

/** Keeps the columns for the next first paint. */
export function rememberColumns({ runColumns }: Settings): void {
  store(copy, runColumns);
}
