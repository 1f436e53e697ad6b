import type { Database } from 'better-sqlite3';
import { CupbearerError } from '../../../shared/errors.ts';
import { initial } from './1-initial.ts';
import { marks } from './2-marks.ts';
import { testData } from './3-test-data.ts';
import { passedOver } from './4-passed-over.ts';
import { engineParts } from './5-engine-parts.ts';
import { runChanges } from './6-run-changes.ts';
import type { Migration } from './migration.ts';

/** All steps, in order. */
export const migrations: readonly Migration[] = [initial, marks, testData, passedOver, engineParts, runChanges];

/** The schema version that this program reads and writes. */
export const latestSchemaVersion = migrations.at(-1)!.version;

/** The schema version of an open database; 0 for an empty file. */
export function schemaVersion(database: Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

/**
 * The schema version of a database that is a catalogue, or empty; nothing is written.
 * @throws CupbearerError `bad-data` where the file is of a newer version, or is some other program's database.
 */
export function checkSchema(database: Database): number {
  const found = schemaVersion(database);
  if (found > latestSchemaVersion) throw newer(database.name, found);
  if (found === 0 && database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
    throw new CupbearerError('bad-data', `"${database.name}" is a database, but not a catalogue of Cupbearer.`);
  }
  return found;
}

/**
 * Brings a database to the latest version (or to `target`), all steps in one transaction. Of two processes that start
 * at once, one does it and the other waits.
 * @throws CupbearerError `bad-data` as {@link checkSchema}.
 */
export function migrate(database: Database, target: number = latestSchemaVersion): void {
  // Most starts find nothing to do, and must not wait for whoever is writing just now.
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

function newer(path: string, found: number): CupbearerError {
  return new CupbearerError(
    'bad-data',
    `The catalogue "${path}" was written by a newer version (schema ${found}; this program knows up to ${latestSchemaVersion}).`,
    { hint: 'Update Cupbearer, or set CUPBEARER_HOME to another folder.' },
  );
}
