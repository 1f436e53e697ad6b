import type { Migration } from './migration.ts';

/**
 * Runs whose row was changed and whose `run.json` has yet to follow. The mark is part of the change, so that a start
 * after a crash finds those few without reading the folders of all.
 */
export const unmirroredRuns: Migration = {
  version: 6,
  sql: 'CREATE TABLE unmirrored_runs (run_id TEXT PRIMARY KEY NOT NULL) STRICT;',
};
