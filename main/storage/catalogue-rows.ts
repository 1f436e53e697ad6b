import { devNull } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { runRecordSchema, type RunRecord } from '../../shared/domain/run.ts';
import { explainFaults } from '../../shared/schema/problems.ts';

/** A run as the catalogue has it. */
export type CatalogueRun = RunRecord & {
  /** Set if part of the row cannot be read; a stand-in takes its place. */
  damage?: RowDamage;
};

/** What is wrong with a row of the catalogue. */
interface RowDamage {
  /** Fields that have a stand-in. */
  fields: readonly (keyof RunRecord)[];
  /** What was expected there and what was found, one sentence a field. */
  message: string;
}

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
  'locked',
] as const satisfies (keyof RunRecord)[];

const jsonColumns: readonly (keyof RunRecord)[] = [
  'spec',
  'metrics',
  'timings',
  'engines_passed_over',
  'engine_parts',
  'versions',
  'error',
];

const listColumns: readonly (keyof RunRecord)[] = ['parents', 'tags'];
const optionalColumns: readonly (keyof RunRecord)[] = ['test_data', 'engines_passed_over', 'engine_parts', 'locked'];
const flagColumns: readonly (keyof RunRecord)[] = ['pinned', 'archived', 'locked'];

/** The largest value of a row that is read; notes, the largest of them, have 100,000 characters at most. */
const mostBytes = 1_000_000;
/** Tags, or parents, of a run that are read. */
const mostListed = 1000;

const listOf = (table: string, column: string) => `
  (SELECT json_group_array(${column} ORDER BY position) FROM (
    SELECT ${column}, position FROM ${table}
    WHERE run_id = runs.id AND typeof(${column}) = 'text' AND octet_length(${column}) <= ${mostBytes}
    ORDER BY position LIMIT ${mostListed}))`;

const selected = `runs.rowid AS place,
    ${columns.map((name) => `iif(octet_length(runs.${name}) <= ${mostBytes}, runs.${name}, NULL) AS ${name}`).join(', ')},
    ${listOf('run_parents', 'parent_id')} AS parents,
    ${listOf('run_tags', 'tag')} AS tags`;

/** Selects rows as {@link fromRow} reads them; a WHERE clause on `runs` may follow. */
export const selectRuns = `SELECT ${selected} FROM runs`;

/** Selects specs as {@link specFromRow} reads them; a WHERE clause on `runs` may follow. */
export const selectSpecs = `SELECT runs.rowid AS place, id, kind,
    iif(octet_length(spec) <= ${mostBytes}, spec, '{}') AS spec, ${listOf('run_parents', 'parent_id')} AS parents
  FROM runs`;

/** Selects what has changed since a revision, each change with the row as it is now; no `place` if the run is gone. */
export const selectChanges = `
  SELECT run_changes.revision AS revision, run_changes.run_id AS changed_id, ${selected}
  FROM run_changes LEFT JOIN runs ON runs.id = run_changes.run_id
  WHERE run_changes.revision > ? ORDER BY run_changes.revision`;

/** What SQLite may have in any column, whatever the column is declared as. */
type SqlValue = string | number | bigint | Uint8Array | null;

export type Row = Record<string, SqlValue>;

/** Returns the columns of a record, or of a change to one; all of them by default. */
export function toRow(record: Partial<RunRecord>, names: readonly (typeof columns)[number][] = columns): Row {
  return Object.fromEntries(
    names.map((column) => {
      const value: unknown = record[column] ?? null;
      if (value === null) return [column, null];
      if (jsonColumns.includes(column)) return [column, JSON.stringify(value)];
      return [column, flagColumns.includes(column) ? Number(value) : (value as SqlValue)];
    }),
  );
}

const rowSchema = runRecordSchema.extend({
  folder: runRecordSchema.shape.folder.refine((path) => isAbsolute(path), 'must be an absolute path.'),
});
const fieldSchemas: Record<string, z.ZodType> = rowSchema.shape;

/** The run in a row of {@link selectRuns}, whatever the row holds. */
export function fromRow(row: Row): CatalogueRun {
  const values = valuesIn(row);
  const parsed = rowSchema.safeParse(values);
  return parsed.success ? parsed.data : damagedRun(values, Number(row['place']));
}

const specRowSchema = z.object({
  id: runRecordSchema.shape.id,
  kind: runRecordSchema.shape.kind,
  spec: runRecordSchema.shape.spec,
  parents: runRecordSchema.shape.parents,
});

/** The run in a row of {@link selectSpecs}, in a list; an empty one for a row that cannot be read. */
export function specFromRow({ id, kind, spec, parents }: Row): z.infer<typeof specRowSchema>[] {
  const parsed = specRowSchema.safeParse({
    id,
    kind,
    spec: typeof spec === 'string' ? parsedJson(spec) : spec,
    parents: typeof parents === 'string' ? parsedJson(parents) : parents,
  });
  return parsed.success ? [parsed.data] : [];
}

/** The stand-in for an id that cannot be read: the row's place, by which it is found all the same. */
const damagedId = 'damaged-';

/** The place of the row that {@link fromRow} calls by a stand-in; undefined for the id of a sound row. */
export function placeOfDamaged(id: string): number | undefined {
  const place = id.startsWith(damagedId) ? Number(id.slice(damagedId.length)) : NaN;
  return Number.isSafeInteger(place) ? place : undefined;
}

function valuesIn(row: Row): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of [...columns, 'parents', 'tags'] as const) {
    const value = row[name];
    if (value === null && optionalColumns.includes(name)) continue;
    if (flagColumns.includes(name)) values[name] = value === 0 || value === 1 ? value === 1 : value;
    else if (typeof value === 'string' && (jsonColumns.includes(name) || listColumns.includes(name)))
      values[name] = parsedJson(value);
    else values[name] = value;
  }
  return values;
}

/** Parses JSON. Returns the text itself if it is not JSON, which no schema of an object or a list accepts. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A path that nothing can be at, whatever the system. */
const nowhere = join(devNull, 'unknown');

/** Values that stand in for what cannot be read. The run counts as ended, so that nothing waits for it. */
function standIns(place: number): RunRecord {
  return {
    id: `${damagedId}${place}`,
    kind: 'evaluation',
    status: 'failed',
    title: 'Damaged run',
    folder: nowhere,
    spec: {},
    parents: [],
    metrics: {},
    timings: {},
    engine: null,
    versions: {},
    error: null,
    created_at: '1970-01-01T00:00:00.000Z',
    started_at: null,
    ended_at: null,
    host_pid: null,
    host_started: null,
    tags: [],
    notes: '',
    pinned: false,
    archived: false,
  };
}

function damagedRun(values: Record<string, unknown>, place: number): CatalogueRun {
  const record: Record<string, unknown> = standIns(place);
  const fields: (keyof RunRecord)[] = [];
  const issues = [];
  for (const [name, schema] of Object.entries(fieldSchemas)) {
    if (!(name in values)) continue;
    const parsed = schema.safeParse(values[name]);
    if (parsed.success) record[name] = parsed.data;
    else {
      fields.push(name as keyof RunRecord);
      issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: [name, ...issue.path] })));
    }
  }
  const message = `Its row in the catalogue is damaged: ${explainFaults(issues, values)}`;
  // Each field has passed its schema, or has a stand-in that would.
  return { ...(record as RunRecord), damage: { fields, message } };
}
