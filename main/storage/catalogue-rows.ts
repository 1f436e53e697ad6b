import { runRecordSchema, type RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';

/** The columns of `runs`; parents and tags have tables of their own and come as JSON arrays. */
export const columns = [
  'id',
  'kind',
  'status',
  'title',
  'folder',
  'spec',
  'metrics',
  'timings',
  'engine',
  'engines_passed_over',
  'engine_parts',
  'versions',
  'test_data',
  'error',
  'created_at',
  'started_at',
  'ended_at',
  'host_pid',
  'host_started',
  'notes',
  'pinned',
  'archived',
] as const satisfies (keyof RunRecord)[];

const jsonColumns = [
  'spec',
  'metrics',
  'timings',
  'engines_passed_over',
  'engine_parts',
  'versions',
  'error',
] as const satisfies (keyof RunRecord)[];

/** Selects rows as {@link fromRow} reads them; a WHERE clause on `runs` may follow. */
export const selectRuns = `
  SELECT runs.*,
    (SELECT json_group_array(parent_id ORDER BY position) FROM run_parents WHERE run_id = runs.id) AS parents,
    (SELECT json_group_array(tag ORDER BY position) FROM run_tags WHERE run_id = runs.id) AS tags
  FROM runs`;

/** A row as it is stored, unchecked and with its JSON unread: a list of ten thousand runs has no time for more. */
export interface StoredRun {
  id: string;
  /** All of the row in one text, by which two states of it are told apart. */
  text: string;
  column(name: (typeof columns)[number] | 'parents' | 'tags'): string | number | null;
}

/** Gives rows of {@link selectRuns} as they are stored; `names` are its columns, in order. */
export function storedRuns(names: readonly string[], rows: readonly (string | number | null)[][]): StoredRun[] {
  const places = new Map(names.map((name, place) => [name, place]));
  const id = places.get('id')!;
  return rows.map((row) => ({
    id: row[id] as string,
    text: row.join('\u001f'),
    column: (name) => row[places.get(name)!] ?? null,
  }));
}

export type Row = Record<string, string | number | null>;

/** A record as the values of {@link columns}. */
export function toRow(record: RunRecord): Row {
  const plain = Object.fromEntries(columns.map((column) => [column, record[column] ?? null]));
  for (const column of jsonColumns) {
    const value = record[column] ?? null;
    plain[column] = value === null ? null : JSON.stringify(value);
  }
  return { ...(plain as Row), pinned: Number(record.pinned), archived: Number(record.archived) };
}

/** @throws CupbearerError `bad-data` where a row holds what no version of this program writes. */
export function fromRow(row: Row): RunRecord {
  const values: Record<string, unknown> = { ...row };
  for (const column of [...jsonColumns, 'parents', 'tags']) {
    const text = row[column];
    if (typeof text === 'string') values[column] = JSON.parse(text);
  }
  for (const optional of ['test_data', 'engines_passed_over', 'engine_parts'])
    if (row[optional] === null) delete values[optional];
  const parsed = runRecordSchema.safeParse({
    ...values,
    pinned: row['pinned'] === 1,
    archived: row['archived'] === 1,
  });
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0]!;
  throw new CupbearerError(
    'bad-data',
    `The catalogue's row ${JSON.stringify(row['id'])} is not what it should be. ${fault.path.join('.')}: ${fault.message}`,
  );
}
