import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type BetterSqlite from 'better-sqlite3';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { discard } from './atomic-write.ts';
import { storageReason, systemCode } from './storage-error.ts';
import { temporaryPath } from './temporary-names.ts';

const oldestNode = 22;

/**
 * @throws CupbearerError `usage` if this version of Node.js cannot load SQLite: better-sqlite3 13 ends the whole
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

/** Returns an error that {@link saysDamaged} recognises, for damage that SQLite itself does not look for. */
export function corrupt(what: string): Error {
  return Object.assign(new Error(what), { name: 'SqliteError', code: 'SQLITE_CORRUPT' });
}

interface Reason {
  says: string;
  /** The cause, if the system gives none. */
  cause?: string;
  hint: (folder: string) => string;
}

const mayUse = (folder: string) =>
  `Change the permissions of "${folder}" and of the files in it so that you may read and write them, or set CUPBEARER_HOME to a folder of your own.`;
const mayGrow = (folder: string) =>
  `Free some space on the disk of "${folder}", for example by removing runs or data sets that you no longer need, or set CUPBEARER_HOME to a folder on another disk.`;

const reasons: [code: RegExp, reason: Reason][] = [
  [
    /^SQLITE_(BUSY|LOCKED)/,
    {
      says: 'is locked by another program',
      hint: () =>
        'Close the other program that uses it (another Cupbearer, a database viewer, a backup) and try again.',
    },
  ],
  [/^SQLITE_FULL/, { says: 'cannot grow', cause: 'the disk is full', hint: mayGrow }],
  [/^SQLITE_READONLY/, { says: 'is read-only', hint: mayUse }],
  [/^SQLITE_(CANTOPEN|PERM|AUTH)/, { says: 'cannot be opened', hint: mayUse }],
  [
    /^SQLITE_(IOERR|NOLFS|PROTOCOL)/,
    { says: 'could not be read or written', cause: 'the disk reported an error', hint: () => 'Check the disk.' },
  ],
  [/^SQLITE_NOMEM/, { says: 'needs more memory than there is', hint: () => 'Close other programs and try again.' }],
];

/**
 * What every other error of SQLite means: each statement is the program's own, and fails only if the file is not what
 * it made.
 */
const damaged: Reason = {
  says: 'is damaged',
  hint: () => 'Start again: it is then kept aside and rebuilt from the run folders.',
};

function reasonOf(code: string): Reason {
  return reasons.find(([pattern]) => pattern.test(code))?.[1] ?? damaged;
}

/** Whether an error says that the file is damaged, is no SQLite file, or does not hold what the program put there. */
export function saysDamaged(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && reasonOf(code) === damaged;
}

/** SQLite says that something failed, and the system why. */
const hidesCause = /^SQLITE_(FULL|READONLY|CANTOPEN|PERM|IOERR)/;

/**
 * Returns the error for a failed operation on the catalogue `file`: a sentence for whatever SQLite or the system
 * reports, and the error itself if it comes from neither.
 */
export function toCatalogueError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (error instanceof CupbearerError || (code === undefined && systemCode(error) === undefined)) return error;
  const reason = reasonOf(code ?? 'SQLITE_CANTOPEN');
  const system = systemCode(error) ?? (hidesCause.test(code!) ? troubleWith(file) : undefined);
  const cause = system === undefined ? reason.cause : (storageReason(system) ?? `the system answered ${system}`);
  return new CupbearerError('storage', `The catalogue "${file}" ${reason.says}${cause ? `: ${cause}` : ''}.`, {
    hint: (system === undefined ? reason.hint : isFull(system) ? mayGrow : mayUse)(dirname(file)),
    details: given({ sqlite_code: code, system_code: system }),
    cause: error,
  });
}

function isFull(system: string): boolean {
  return system === 'ENOSPC' || system === 'EDQUOT';
}

/** More than SQLite asks of a disk at a time. */
const probeBytes = 2 ** 17;

/** The system's code for what keeps the catalogue or files beside it from being written; undefined if nothing does. */
function troubleWith(file: string): string | undefined {
  const probe = temporaryPath(join(dirname(file), 'probe'));
  try {
    for (const ending of ['', '-wal', '-shm']) if (existsSync(file + ending)) closeSync(openSync(file + ending, 'r+'));
    writeFileSync(probe, new Uint8Array(probeBytes), { flag: 'wx', flush: true, mode: 0o600 });
  } catch (error) {
    return systemCode(error);
  } finally {
    discard(probe);
  }
  return undefined;
}
