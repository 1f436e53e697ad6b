import type { Settings } from '../../../shared/domain/settings.ts';
import { columns } from './columns.ts';
import { writeColumns, writePlace } from './place.ts';

type Choices = Pick<Settings, 'runViews' | 'runColumns' | 'savedFilters' | 'hiddenColumns'>;

/**
 * The settings with what earlier versions kept in their place, or in the browser (`filters`, `hidden`): filters become
 * views, and hidden columns those that are shown. What was set since then stays.
 */
export function withOldChoices(
  { runViews, runColumns, savedFilters, hiddenColumns }: Choices,
  filters: readonly string[],
  hidden: readonly string[] | null,
): Choices {
  const queries = [...new Set([...savedFilters, ...filters])].filter((query) => query !== '');
  const views = queries.map((query) => ({ name: query.slice(0, 80), address: writePlace({ filter: query }) }));
  const names = new Set(runViews.map(({ name }) => name));
  const absent = hiddenColumns ?? hidden;
  const shown = absent && columns.filter(({ id, inGroups }) => !inGroups && !absent.includes(id));
  return {
    runViews: [...runViews, ...views.filter(({ name }) => !names.has(name))],
    runColumns: runColumns ?? (shown && writeColumns(shown.map(({ id }) => ({ id })))),
    savedFilters: [],
    hiddenColumns: null,
  };
}
