import type { Migration } from './migration.ts';

/** What names the test data of an evaluation, so that lists can tell which runs can be compared. */
export const testData: Migration = {
  version: 3,
  sql: 'ALTER TABLE runs ADD COLUMN test_data TEXT;',
};
