import { given } from '../../../shared/given.ts';
import type { GridSort } from '../../components/grid-column.ts';

/** A column that was chosen, with the width that it was given. */
export interface ColumnChoice {
  id: string;
  /** Px; the column's own if not set. */
  width?: number;
}

/** What the table of runs shows. What is left out is as it is at first; columns are then those of the settings. */
export interface RunsPlace {
  filter?: string;
  /** Fields that runs are grouped by, outermost first. */
  groups?: readonly string[];
  columns?: readonly ColumnChoice[];
  sort?: GridSort;
}

/** How deep groups may be nested. */
export const mostGroups = 3;
const mostColumns = 60;
/** Px that a column may be resized to. */
export const columnWidths = { least: 48, most: 800 };

const isFieldId = (word: string): boolean => /^[\w.-]{1,200}$/.test(word);

const listIn = (text: string | null, most: number) => [
  ...new Set((text ?? '').split(',').filter((part) => part !== '').slice(0, most)),
]; // prettier-ignore

/** Reads a place from the part of an address after `?`; what is not valid is left out. */
export function parsePlace(query: URLSearchParams): RunsPlace {
  const groups = listIn(query.get('group'), mostGroups).filter(isFieldId);
  const columns = listIn(query.get('columns'), mostColumns).flatMap(parseColumn);
  const [, minus, column] = /^(-?)([\w.-]+)$/.exec(query.get('sort') ?? '') ?? [];
  return given({
    filter: query.get('filter') || undefined,
    groups: groups.length > 0 ? groups : undefined,
    columns: columns.length > 0 ? columns : undefined,
    sort: column === undefined ? undefined : { column, descending: minus === '-' },
  });
}

/** Writes a place as what stands behind an address: "?filter=tag:paper&group=detector", "" for the place at first. */
export function writePlace({ filter, groups, columns, sort }: RunsPlace): string {
  const parts = given({
    filter: filter || undefined,
    group: groups && groups.length > 0 ? groups.join(',') : undefined,
    columns: columns && columns.length > 0 ? writeColumns(columns) : undefined,
    sort: sort && `${sort.descending ? '-' : ''}${sort.column}`,
  });
  const text = Object.entries(parts).map(([key, value]) => `${key}=${encoded(value)}`);
  return text.length === 0 ? '' : `?${text.join('&')}`;
}

/** Reads what {@link writeColumns} has written. */
export const parseColumns = (text: string): ColumnChoice[] => listIn(text, mostColumns).flatMap(parseColumn);

/** Writes columns as one text: "task,auroc:200". */
export const writeColumns = (columns: readonly ColumnChoice[]): string =>
  columns.map(({ id, width }) => (width === undefined ? id : `${id}:${Math.round(width)}`)).join(',');

function parseColumn(text: string): ColumnChoice[] {
  const [, id, digits] = /^([\w.-]+)(?::(\d{1,4}))?$/.exec(text) ?? [];
  if (id === undefined || !isFieldId(id)) return [];
  return [digits === undefined ? { id } : { id, width: boundedWidth(Number(digits)) }];
}

export const boundedWidth = (width: number): number =>
  Math.round(Math.max(columnWidths.least, Math.min(columnWidths.most, width)));

/** As `encodeURIComponent`, with what reads well in an address left as it is. */
const encoded = (text: string) => encodeURIComponent(text).replace(/%(?:2C|3A|3E|3C)/g, decodeURIComponent);
