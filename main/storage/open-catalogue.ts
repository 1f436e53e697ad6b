import { closeSync, existsSync, renameSync, statSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { CupbearerError } from '../../shared/errors.ts';
import { checkHeader } from './catalogue-header.ts';
import { Catalogue } from './catalogue.ts';
import { forgetDamage, isDamageNoted } from './damage-note.ts';
import { readFolderList } from './folder-list.ts';
import { cataloguePath } from './home.ts';
import { checkSchema, migrate } from './migrations/index.ts';
import { openHome, openPrivateFile } from './private-files.ts';
import { corrupt, openSqlite, saysDamaged, sqliteCode, toCatalogueError } from './sqlite.ts';
import { withStorageErrors } from './storage-error.ts';
import { numbered } from '../../shared/format.ts';

interface OpenOptions {
  /** How long to wait for another process that holds the file. */
  timeoutMs?: number;
  /** Up to this size the whole file is checked, beyond it only if damage was noticed. */
  wholeCheckBytes?: number;
}

/**
 * The whole check compares indexes with what they are of, too, which takes half as long again; for this size, some
 * tenths of a second.
 */
const usualWholeCheckBytes = 2 ** 25;

const usualTimeoutMs = 5000;

/**
 * Opens the catalogue, creating folder and file if there are none, and brings it to the latest schema version. A
 * damaged file is kept aside as `catalogue.corrupt-<time>.sqlite` and a new one filled from the run folders; `notices`
 * of the result says so.
 * @throws CupbearerError `storage` if the file is locked or cannot be written to, `bad-data` if a newer version
 * wrote it, `usage` if this Node.js is too old.
 */
export function openCatalogue(
  file: string = cataloguePath(),
  { timeoutMs = usualTimeoutMs, wholeCheckBytes = usualWholeCheckBytes }: OpenOptions = {},
): Catalogue {
  const path = resolve(file);
  const open = () => openOnce(path, timeoutMs, wholeCheckBytes);
  openHome(dirname(path));
  try {
    const before = fileNumber(path);
    try {
      return open();
    } catch (error) {
      if (!saysDamaged(error)) throw error;
    }
    // Another process that found the same damage may have put a sound file in its place by now.
    const aside = fileNumber(path) === before ? setAside(path) : undefined;
    const catalogue = open();
    if (aside !== undefined) catalogue.notices.unshift(`The catalogue was damaged; it is kept as "${aside}".`);
    return catalogue;
  } catch (error) {
    throw toCatalogueError(error, path);
  }
}

/** Opens a catalogue that this process has opened already, without its checks. @throws CupbearerError `storage`. */
export function openOnceMore(path: string): Catalogue {
  try {
    const database = openSqlite(path, usualTimeoutMs);
    setUp(database);
    return new Catalogue(database);
  } catch (error) {
    throw toCatalogueError(error, path);
  }
}

/** Sets what SQLite keeps for each connection, not in the file. */
function setUp(database: Database): void {
  database.pragma('foreign_keys = ON');
  // A commit survives a crash of the program in any case; FULL makes it outlast a power failure too.
  database.pragma('synchronous = FULL');
}

function openOnce(path: string, timeoutMs: number, wholeCheckBytes: number): Catalogue {
  checkHeader(path);
  // SQLite creates its other files with the permissions of this one.
  if (!existsSync(path)) closeSync(openPrivateFile(path));
  const database = openSqlite(path, timeoutMs);
  try {
    // Before anything is written or set aside: what is not ours stays as it is.
    const version = checkSchema(database);
    checkSound(database, wholeCheckBytes);
    useWriteAheadLog(database, timeoutMs);
    setUp(database);
    const catalogue = new Catalogue(database);
    if (version === 0) createFilled(catalogue, database);
    else migrate(database);
    catalogue.checkStatements();
    if (version > 0) takeUpLost(catalogue);
    takeUpTrash(catalogue);
    catalogue.mirrorPending(mostAtStart);
    return catalogue;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Most folders updated before the catalogue is used. The rest of an interrupted change follows while it is in use.
 */
const mostAtStart = 100;

/** @throws what {@link saysDamaged} recognises (or what reading the file throws). */
function checkSound(database: Database, wholeCheckBytes: number): void {
  const { name: path } = database;
  const isQuick = statSync(path).size > wholeCheckBytes && !isDamageNoted(path);
  const found = String(database.pragma(isQuick ? 'quick_check(1)' : 'integrity_check(1)', { simple: true }));
  if (found !== 'ok') throw corrupt(found);
  forgetDamage(path);
}

/** Retries, because the change of mode fails without waiting while another process opens the same new file. */
function useWriteAheadLog(database: Database, timeoutMs: number): void {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!sqliteCode(error)?.startsWith('SQLITE_BUSY') || Date.now() >= deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** One transaction, so that another process finds either nothing or all of it. */
function createFilled(catalogue: Catalogue, database: Database): void {
  const create = database.transaction(() => {
    const isFirst = checkSchema(database) === 0;
    migrate(database);
    if (isFirst) fillFromFolders(catalogue);
  });
  create.immediate();
}

/**
 * Fills a new file from an existing list of folders: the catalogue was lost, set aside by us or removed by somebody.
 */
function fillFromFolders(catalogue: Catalogue): void {
  const listed = readFolderList(catalogue.path).filter((folder) => existsSync(folder));
  if (listed.length === 0) return;
  const { added, skipped } = catalogue.rebuild(listed);
  catalogue.notices.push(`The catalogue was rebuilt from the run folders: ${numbered(added.length, 'run')}.`);
  for (const { folder, reason } of skipped) catalogue.notices.push(`Skipped "${folder}". ${reason}`);
}

/**
 * Adds runs that the catalogue lost together with the end of its log, which SQLite does not report. The last writes are
 * lost first, so the run added last shows whether any is missing.
 */
function takeUpLost(catalogue: Catalogue): void {
  try {
    const listed = readFolderList(catalogue.path);
    if (listed.length === 0 || !catalogue.isMissing(listed.at(-1))) return;
    const { added } = catalogue.rebuild(listed.filter((folder) => existsSync(folder)));
    if (added.length > 0)
      catalogue.notices.push(`Runs that the catalogue did not have were taken up from their folders: ${added.length}.`);
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    // The runs that are known are worth more than those that may be missing.
    catalogue.notices.push(error.message);
  }
}

/** Takes up what was put into the trash and is not known to be there any more; it is no run of the catalogue. */
function takeUpTrash(catalogue: Catalogue): void {
  try {
    catalogue.trash.takeUpList();
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    catalogue.notices.push(`What is in the trash is not known in full. ${error.message}`);
  }
}

/** Returns what distinguishes a file from another of the same name. */
function fileNumber(path: string): bigint | undefined {
  return statSync(path, { throwIfNoEntry: false, bigint: true })?.ino;
}

/** Renames the database with its log. Returns its new path. */
function setAside(path: string): string {
  const { dir, name, ext } = parse(path);
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  const aside = (count: number): string => join(dir, `${name}.corrupt-${time}${count > 1 ? `-${count}` : ''}${ext}`);
  let count = 1;
  while (existsSync(aside(count))) count++;
  withStorageErrors(`set the damaged catalogue "${path}" aside`, () => {
    // The database comes last: once it is gone, another process may create a new one, whose log must not be moved.
    for (const ending of ['-wal', '-shm', '']) {
      if (existsSync(path + ending)) renameSync(path + ending, aside(count) + ending);
    }
    forgetDamage(path);
  });
  return aside(count);
}
