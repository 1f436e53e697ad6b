import { createRequire } from 'node:module';
import type BetterSqlite from 'better-sqlite3';
import { CupbearerError } from '../../shared/errors.ts';

const oldestNode = 22;

/**
 * @throws CupbearerError `usage` where this version of Node.js cannot load SQLite: better-sqlite3 13 ends the whole
 * process with a segmentation fault on Node.js 20, so the check must come before the import.
 */
export function checkNodeForSqlite(version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) >= oldestNode) return;
  throw new CupbearerError(
    'usage',
    `The catalogue needs Node.js ${oldestNode} or newer, and this is Node.js ${version}.`,
    { hint: 'Start the program with `npx cupbearer` or `npm run`, which bring a suitable Node.js along.' },
  );
}

/** Opens a SQLite file; a lock held by another process is waited for. */
export function openSqlite(file: string, timeoutMs: number): BetterSqlite.Database {
  checkNodeForSqlite();
  const Database = createRequire(import.meta.url)('better-sqlite3') as typeof BetterSqlite;
  return new Database(file, { timeout: timeoutMs });
}

/** The code of an SQLite error (`SQLITE_BUSY`, …), or undefined for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'SqliteError' || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether an error says that the file is damaged, or no SQLite file at all. */
export function saysCorrupt(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error) ?? '');
}

const reasons: [code: RegExp, says: string, hint: string][] = [
  [
    /^SQLITE_(BUSY|LOCKED)/,
    'is locked by another program',
    'Close the other program that uses it (another Cupbearer, a database viewer, a backup) and try again.',
  ],
  [/^SQLITE_FULL/, 'cannot grow: the disk is full', 'Free some space and try again.'],
  [/^SQLITE_READONLY/, 'is read-only', 'Change its permissions, or set CUPBEARER_HOME to a folder you may write to.'],
  [/^SQLITE_(CANTOPEN|PERM|AUTH)/, 'cannot be opened', 'Check its permissions and those of its folder.'],
  [/^SQLITE_(CORRUPT|NOTADB)/, 'is damaged', 'Start again: it is then kept aside and rebuilt from the run folders.'],
  [/^SQLITE_(IOERR|NOLFS|PROTOCOL)/, 'could not be read or written: the disk reported an error', 'Check the disk.'],
];

/** The error for a failed operation on the catalogue `file`; what is no SQLite error is given back as it is. */
export function toCatalogueError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  const reason = reasons.find(([pattern]) => code !== undefined && pattern.test(code));
  if (!reason) return error;
  return new CupbearerError('storage', `The catalogue "${file}" ${reason[1]}.`, {
    hint: reason[2],
    details: { sqlite_code: code },
    cause: error,
  });
}
