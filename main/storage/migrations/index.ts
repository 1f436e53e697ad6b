import type { Database } from 'better-sqlite3';
import { CupbearerError } from '../../../shared/errors.ts';
import { corrupt } from '../sqlite.ts';
import { initial } from './1-initial.ts';
import { marks } from './2-marks.ts';
import { testData } from './3-test-data.ts';
import { passedOver } from './4-passed-over.ts';
import { engineParts } from './5-engine-parts.ts';
import { unmirroredRuns } from './6-unmirrored-runs.ts';
import { runChanges } from './7-run-changes.ts';
import { experiments } from './8-experiments.ts';
import { trash } from './9-trash.ts';
import { experimentChanges } from './10-experiment-changes.ts';
import type { Migration } from './migration.ts';

/** All steps, in order. */
export const migrations: readonly Migration[] = [
  initial,
  marks,
  testData,
  passedOver,
  engineParts,
  unmirroredRuns,
  runChanges,
  experiments,
  trash,
  experimentChanges,
];

/** The schema version that this program reads and writes. */
export const latestSchemaVersion = migrations.at(-1)!.version;

/** Beyond that a number is not a version that anybody has reached, but damage. */
const mostVersions = 999;

/** Names of the tables of a catalogue. One whose version is damaged is recognised by them. */
export const tables: readonly string[] = [
  'runs',
  'run_parents',
  'run_tags',
  'unmirrored_runs',
  'experiments',
  'experiment_runs',
  'trash',
  'trashed_runs',
];

/** The schema version of an open database; 0 for an empty file. */
export function schemaVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** @throws CupbearerError `bad-data` if a newer version of the program wrote the file `path`, by its schema version. */
export function checkNotNewer(version: number, path: string): void {
  if (version <= latestSchemaVersion || version > mostVersions) return;
  throw new CupbearerError(
    'bad-data',
    `The catalogue "${path}" was written by a newer version (schema ${version}; this program knows up to ${latestSchemaVersion}).`,
    { hint: 'Update Cupbearer, or set CUPBEARER_HOME to another folder.' },
  );
}

/**
 * Returns the schema version of a database that is a catalogue, or empty; nothing is written. Version and tables are
 * read in one transaction: between two reads another process may have created them.
 * @throws CupbearerError `bad-data` if a newer version wrote it or it is some other program's database; what
 * `saysDamaged` recognises if no catalogue with what it holds has that version.
 */
export function checkSchema(database: Database): number {
  const read = database.transaction(() => ({
    version: schemaVersion(database),
    names: database.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all(),
  }));
  const { version, names } = read();
  checkNotNewer(version, database.name);
  const isEmpty = names.length === 0;
  if (!isEmpty && !names.some((name) => tables.includes(name)))
    throw new CupbearerError('bad-data', `"${database.name}" is a database, but not a catalogue of Cupbearer.`);
  if (version < 0 || version > latestSchemaVersion || (version === 0) !== isEmpty)
    throw corrupt(`"${database.name}" says that its schema is of version ${version}.`);
  return version;
}

/**
 * Brings a database to the latest version (or to `target`), all steps in one transaction. Of two processes that start
 * at once, one does it and the other waits.
 * @throws CupbearerError `bad-data` as {@link checkSchema}.
 */
export function migrate(database: Database, target: number = latestSchemaVersion): void {
  // Most starts find nothing to do, and must not wait for another process that is writing.
  if (checkSchema(database) === target) return;
  const bringUp = database.transaction(() => {
    const found = checkSchema(database);
    const steps = migrations.filter(({ version }) => version > found && version <= target);
    for (const { sql } of steps) database.exec(sql);
    const last = steps.at(-1);
    if (last) database.pragma(`user_version = ${last.version}`);
  });
  bringUp.immediate();
}
