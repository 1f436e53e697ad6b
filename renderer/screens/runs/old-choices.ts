import type { Settings } from '../../../shared/domain/settings.ts';

/** The settings with what an earlier version kept in the browser; what was set since then stays. */
export function withOldChoices(
  { savedFilters, hiddenColumns }: Pick<Settings, 'savedFilters' | 'hiddenColumns'>,
  filters: readonly string[],
  columns: string[] | null,
): Pick<Settings, 'savedFilters' | 'hiddenColumns'> {
  return {
    savedFilters: [...savedFilters, ...filters.filter((query) => query !== '' && !savedFilters.includes(query))],
    hiddenColumns: hiddenColumns ?? columns,
  };
}
