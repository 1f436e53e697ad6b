import type { Migration } from './migration.ts';

/** Why `auto` did not take the engines before the one that a run computed on. */
export const passedOver: Migration = {
  version: 4,
  sql: 'ALTER TABLE runs ADD COLUMN engines_passed_over TEXT;',
};
