import type { Migration } from './migration.ts';

/**
 * Numbers every change to a run, by any process, so that a reader asks only for what has changed since it read last. A run
 * stands in `run_changes` once, by its latest change; one that is not in `runs` any more was removed. A run whose parent comes,
 * goes or gets another spec counts as changed, too: lists say what it builds on. (A trigger's own conflict clause would give
 * way to that of the statement that fires it, so the earlier number is deleted by hand.)
 */
export const runChanges: Migration = {
  version: 7,
  sql: `
    CREATE TABLE run_changes (
      revision INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TRIGGER run_added AFTER INSERT ON runs BEGIN
      DELETE FROM run_changes
        WHERE run_id = NEW.id OR run_id IN (SELECT run_id FROM run_parents WHERE parent_id = NEW.id);
      INSERT INTO run_changes (run_id)
        SELECT NEW.id UNION SELECT run_id FROM run_parents WHERE parent_id = NEW.id;
    END;
    CREATE TRIGGER run_changed AFTER UPDATE ON runs BEGIN
      DELETE FROM run_changes WHERE run_id IN (OLD.id, NEW.id);
      INSERT INTO run_changes (run_id) SELECT OLD.id UNION SELECT NEW.id;
    END;
    CREATE TRIGGER run_spec_changed AFTER UPDATE ON runs WHEN OLD.spec IS NOT NEW.spec OR OLD.id IS NOT NEW.id BEGIN
      DELETE FROM run_changes
        WHERE run_id IN (SELECT run_id FROM run_parents WHERE parent_id IN (OLD.id, NEW.id));
      INSERT INTO run_changes (run_id)
        SELECT DISTINCT run_id FROM run_parents WHERE parent_id IN (OLD.id, NEW.id);
    END;
    CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
      DELETE FROM run_changes
        WHERE run_id = OLD.id OR run_id IN (SELECT run_id FROM run_parents WHERE parent_id = OLD.id);
      INSERT INTO run_changes (run_id)
        SELECT OLD.id UNION SELECT run_id FROM run_parents WHERE parent_id = OLD.id;
    END;
    ${['run_tags', 'run_parents'].map(noteChangesOf).join('')}
  `,
};

/** Triggers that count a change to a list of a run as a change to the run. */
function noteChangesOf(table: string): string {
  const noted = (row: string) => `BEGIN
      DELETE FROM run_changes WHERE run_id = ${row}.run_id;
      INSERT INTO run_changes (run_id) VALUES (${row}.run_id);
    END;`;
  return `
    CREATE TRIGGER ${table}_added AFTER INSERT ON ${table} ${noted('NEW')}
    CREATE TRIGGER ${table}_changed AFTER UPDATE ON ${table} ${noted('NEW')}
    CREATE TRIGGER ${table}_removed AFTER DELETE ON ${table} ${noted('OLD')}`;
}
