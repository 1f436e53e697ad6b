import type { Settings } from '../../../shared/domain/settings.ts';
import { settings } from '../../app/settings.svelte.ts';
import { forget, isTexts, readStored, store } from '../../app/stored.ts';
import { withOldChoices } from './old-choices.ts';

/** Where earlier versions stored saved filters and hidden columns: in the browser only. */
const old = { filters: 'filters', columns: 'hidden-columns' };
/** A copy of the settings, so that the first paint has the columns. */
const copy = 'columns';

const isTextsOrNull = (value: unknown): value is string[] | null => value === null || isTexts(value);

/** The columns that this window did not show when it was last open; null for those that are left out at first. */
export const lastHidden = (): string[] | null => readStored(copy, isTextsOrNull, null);

/** Moves what an earlier version kept in the browser into the program's settings; it is forgotten once it is there. */
export async function adoptOldChoices(): Promise<void> {
  const filters = readStored(old.filters, isTexts, []);
  const columns = readStored(old.columns, isTextsOrNull, null);
  if (filters.length > 0 || columns !== null) await settings.change((now) => withOldChoices(now, filters, columns));
  forget(old.filters);
  forget(old.columns);
}

/** Keeps the columns for the next first paint. */
export function rememberColumns({ hiddenColumns }: Settings): void {
  store(copy, hiddenColumns);
}
