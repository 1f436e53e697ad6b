import type { Migration } from './migration.ts';

const noted = (...rows: readonly string[]) => `BEGIN
      DELETE FROM run_changes WHERE run_id IN (${rows.map((row) => `${row}.run_id`).join(', ')});
      INSERT INTO run_changes (run_id) ${rows.map((row) => `SELECT ${row}.run_id`).join(' UNION ')};
    END;`;

/** A run counts as changed when it comes to fill a cell of an experiment, or no longer does: lists say which experiments it is of. */
export const experimentChanges: Migration = {
  version: 10,
  sql: `
    CREATE TRIGGER experiment_runs_added AFTER INSERT ON experiment_runs ${noted('NEW')}
    CREATE TRIGGER experiment_runs_changed AFTER UPDATE ON experiment_runs ${noted('OLD', 'NEW')}
    CREATE TRIGGER experiment_runs_removed AFTER DELETE ON experiment_runs ${noted('OLD')}
  `,
};
