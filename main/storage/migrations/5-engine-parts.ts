import type { Migration } from './migration.ts';

/** What each engine did of a run that several computed. */
export const engineParts: Migration = {
  version: 5,
  sql: 'ALTER TABLE runs ADD COLUMN engine_parts TEXT;',
};
