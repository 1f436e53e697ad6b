import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import {
  runRecordSchema,
  type RunKind,
  type RunPatch,
  type RunRecord,
  type RunStatus,
} from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';
import { columns, fromRow, selectRuns, storedRuns, toRow, type Row, type StoredRun } from './catalogue-rows.ts';
import { noteDamage } from './damage-note.ts';
import { addToFolderList, readFolderList, removeFromFolderList } from './folder-list.ts';
import { schemaVersion, tables } from './migrations/index.ts';
import { readRecord, writeRecord } from './run-folder.ts';
import { saysDamaged, toCatalogueError } from './sqlite.ts';
import { withStorageErrors } from './storage-error.ts';

/** What {@link Catalogue.list} leaves out where it is given. */
export interface RunFilter {
  kind?: RunKind;
  status?: RunStatus;
  archived?: boolean;
  /** Words that must all occur in the id, title, folder, kind, notes or tags; upper and lower case letters a to z are the same. */
  search?: string;
  /** At most this many, newest first. */
  limit?: number;
}

/** What `cupbearer doctor` says of the catalogue. */
export interface CatalogueHealth {
  path: string;
  schemaVersion: number;
  runs: number;
  /** Size of the database with its write-ahead log. */
  bytes: number;
  /** `ok`, or what SQLite found wrong. */
  quickCheck: string;
}

/** What {@link Catalogue.rebuild} did. */
export interface RebuildResult {
  added: string[];
  /** Folders whose run could not be taken up, with the reason as a sentence. */
  skipped: { folder: string; reason: string }[];
}

/** What a run is in once it is over and was not cut off. */
const hasEnded: readonly RunStatus[] = ['done', 'failed', 'cancelled'];

const insertRun = `INSERT INTO runs (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`;
const updateRun = `UPDATE runs SET ${columns.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`;

/** Note that `run.json` has to follow the row of a run, and that it has. */
const markUnmirrored = 'INSERT OR IGNORE INTO unmirrored_runs (run_id) VALUES (?)';
const markMirrored = 'DELETE FROM unmirrored_runs WHERE run_id = ?';
const selectUnmirrored = 'SELECT run_id, folder FROM unmirrored_runs LEFT JOIN runs ON runs.id = run_id';

/** A run whose `run.json` has to follow; one that was forgotten since has no folder. */
interface Unmirrored {
  run_id: string;
  folder: string | null;
}

/**
 * All runs this user's program knows of. What is committed here holds, and `run.json` in a run's folder follows, so
 * that a lost catalogue can be rebuilt: a change leaves a mark in the same transaction, which goes once the folder has
 * it. Opened by `openCatalogue`; several processes may use it at once.
 * Every method @throws CupbearerError `storage` where the file is locked for longer than the timeout, full or read-only.
 */
export class Catalogue {
  readonly path: string;
  /** What a person should know: a damaged file that was rebuilt, a folder that could not be written to. */
  readonly notices: string[] = [];
  readonly #database: Database;
  readonly #listeners = new Set<(ids: readonly string[]) => void>();

  /** `database` must be of the latest schema version before anything is asked of it. */
  constructor(database: Database) {
    this.#database = database;
    this.path = database.name;
  }

  /**
   * Adds a run and writes its `run.json`; where that fails, nothing is added.
   * @throws CupbearerError `conflict` where the id is taken, `storage`.
   */
  insert(record: RunRecord): void {
    const valid = runRecordSchema.parse({ ...record, folder: resolve(record.folder) });
    this.#write(() => {
      if (this.#find(valid.id)) throw new CupbearerError('conflict', `There is a run ${valid.id} already.`);
      addToFolderList(this.path, valid.folder);
      this.#store(insertRun, valid);
      writeIntoFolder(valid);
    });
    this.#tell([valid.id]);
  }

  /**
   * Changes a run and gives it back. Where its folder is gone or cannot be written to, the catalogue alone is changed
   * and, in the latter case, a notice says so: that a disk is full must not keep the run from being marked as failed.
   * @throws CupbearerError `not-found`, `storage`.
   */
  update(id: string, patch: RunPatch): RunRecord {
    const record = this.#write(() => {
      const found = this.#find(id);
      if (!found) throw this.#unknown(id);
      const valid = runRecordSchema.parse({ ...found, ...patch, id: found.id });
      this.#store(updateRun, valid);
      this.#database.prepare(markUnmirrored).run(id);
      return valid;
    });
    this.#mirror(id);
    this.#tell([id]);
    return record;
  }

  /**
   * The run with this id; the beginning of an id or its last four characters will do where only one run has them.
   * @throws CupbearerError `not-found` naming the nearest id, `usage` with the ids where several fit.
   */
  get(id: string): RunRecord {
    return this.#read(() => {
      const exact = this.#find(id);
      if (exact) return exact;
      const known = this.#ids();
      const fitting = id === '' ? [] : known.filter((other) => other.startsWith(id) || other.endsWith(`-${id}`));
      if (fitting.length === 0) throw this.#unknown(id);
      if (fitting.length === 1) return this.#find(fitting[0]!)!;
      const shown = fitting.slice(0, 5).join(', ') + (fitting.length > 5 ? ', …' : '');
      throw new CupbearerError('usage', `${fitting.length} runs fit "${id}": ${shown}.`, {
        hint: 'Give more of the id.',
      });
    });
  }

  /** The newest run of a folder. */
  byFolder(folder: string): RunRecord | undefined {
    return this.#select('WHERE folder = ? ORDER BY created_at DESC, rowid DESC LIMIT 1', resolve(folder))[0];
  }

  /** Runs whose folder begins with this path. */
  inside(path: string): RunRecord[] {
    return this.#select('WHERE substr(folder, 1, length(?)) = ?', path, path);
  }

  /** Runs that build on this one, oldest first. */
  childrenOf(id: string): string[] {
    return this.#read(
      () =>
        this.#database
          .prepare('SELECT DISTINCT run_id FROM run_parents WHERE parent_id = ? ORDER BY run_id')
          .pluck()
          .all(id) as string[],
    );
  }

  /** Runs that match, newest first. */
  list(filter: RunFilter = {}): RunRecord[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    for (const key of ['kind', 'status', 'archived'] as const) {
      const value = filter[key];
      if (value === undefined) continue;
      conditions.push(`${key} = ?`);
      values.push(typeof value === 'boolean' ? Number(value) : value);
    }
    for (const word of (filter.search ?? '').split(/\s+/).filter((part) => part !== '')) {
      conditions.push(`(instr(lower(concat_ws(char(10), id, title, folder, kind, notes)), lower(?)) > 0
        OR EXISTS (SELECT 1 FROM run_tags WHERE run_id = runs.id AND instr(lower(tag), lower(?)) > 0))`);
      values.push(word, word);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#select(`${where} ORDER BY created_at DESC, rowid DESC LIMIT ?`, ...values, filter.limit ?? -1);
  }

  /** Rows as they are stored, newest first: of these ids, or all, or the newest. */
  stored({ ids, limit = -1 }: { ids?: readonly string[]; limit?: number } = {}): StoredRun[] {
    const where = ids === undefined ? '' : 'WHERE id IN (SELECT value FROM json_each(?))';
    const values = ids === undefined ? [limit] : [JSON.stringify(ids), limit];
    return this.#read(() => {
      const select = this.#database
        .prepare(`${selectRuns} ${where} ORDER BY created_at DESC, rowid DESC LIMIT ?`)
        .raw();
      const names = select.columns().map(({ name }) => name);
      return storedRuns(names, select.all(...values) as (string | number | null)[][]);
    });
  }

  /** A number that changes when another process has changed the catalogue. */
  get foreignVersion(): number {
    return this.#read(() => this.#database.pragma('data_version', { simple: true }) as number);
  }

  /** Calls `listener` with the ids of runs that this process has added, changed or forgotten; gives what ends that. */
  onChange(listener: (ids: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Writes `run.json` of the runs whose row was changed by a process that was killed, or found a full disk, before it
   * could.
   */
  mirrorPending(): void {
    const pending = this.#read(() => this.#database.prepare(selectUnmirrored).all() as Unmirrored[]);
    // Where there is nothing to write, nobody is to wait for the lock.
    for (const { run_id: id, folder } of pending) if (folder === null || existsSync(folder)) this.#mirror(id);
  }

  /** Whether the run that lies in a folder is missing here; false also if there is none that can be read. */
  isMissing(folder: string): boolean {
    const record = recordIn(folder);
    return record !== undefined && this.#find(record.id) === undefined;
  }

  /**
   * Checks that the file has the tables and columns that it should have, and that what they do by themselves when they
   * are written to can be understood. @throws what `saysDamaged` recognises if not.
   */
  checkStatements(): void {
    for (const sql of [selectRuns, insertRun, updateRun, selectUnmirrored]) this.#database.prepare(sql);
    for (const table of tables) {
      for (const sql of ['INSERT INTO # DEFAULT VALUES', 'UPDATE # SET rowid = rowid', 'DELETE FROM #'])
        this.#database.prepare(sql.replace('#', table));
    }
  }

  /**
   * Marks as `interrupted` those queued and running runs whose process is gone, and returns them. One that has ended
   * according to its folder is not among them: its row has lost what was written last, and gets it back. `isAlive` is
   * asked with the process number and start that the run was stored with.
   */
  markInterrupted(isAlive: (pid: number, started: string | null) => boolean): RunRecord[] {
    const unfinished = this.#select("WHERE status IN ('queued', 'running')");
    const gone = unfinished.filter(({ host_pid: pid, host_started }) => pid === null || !isAlive(pid, host_started));
    const marked = gone.map((seen) =>
      this.#write(() => {
        const now = this.#find(seen.id);
        // Meanwhile another process may have marked it, or resumed it under a process of its own.
        if (now?.status !== seen.status || now.host_pid !== seen.host_pid || now.host_started !== seen.host_started) {
          return undefined;
        }
        const error = {
          code: 'crashed' as const,
          message: 'The process that did this run ended without finishing it.',
        };
        const record: RunRecord = this.#endInFolder(now) ?? { ...now, status: 'interrupted', error };
        this.#store(updateRun, record);
        this.#database.prepare(markUnmirrored).run(record.id);
        return record;
      }),
    );
    const records = marked.filter((record) => record !== undefined);
    for (const { id } of records) this.#mirror(id);
    this.#tell(records.map(({ id }) => id));
    return records.filter(({ status }) => status === 'interrupted');
  }

  /** Removes a run from the catalogue, not its folder. @throws CupbearerError `not-found`, `usage` as {@link get}. */
  forget(id: string): void {
    const { id: found, folder } = this.get(id);
    this.#write(() => {
      this.#database.prepare('DELETE FROM runs WHERE id = ?').run(found);
      if (!this.#database.prepare('SELECT 1 FROM runs WHERE folder = ?').get(folder)) {
        removeFromFolderList(this.path, folder);
      }
    });
    this.#tell([found]);
  }

  /**
   * Takes up the runs of these folders, and of the further evaluations in them, that the catalogue does not know. A run
   * that it knows under a folder that is gone is given its new one. A folder that is damaged is skipped with the reason.
   */
  rebuild(folders: readonly string[]): RebuildResult {
    const result: RebuildResult = { added: [], skipped: [] };
    const listed = new Set(readFolderList(this.path));
    const skipping = <T>(folder: string, read: () => T): T | undefined => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof CupbearerError)) throw error;
        result.skipped.push({ folder, reason: error.message });
        return undefined;
      }
    };
    for (const folder of folders.map((path) => resolve(path))) {
      for (const path of [folder, ...(skipping(folder, () => evaluationsIn(folder)) ?? [])]) {
        const record = skipping(path, () => readRecord(path));
        if (record === undefined) continue;
        if (this.#takeUp({ ...record, folder: path }, listed.has(path))) result.added.push(path);
        this.#tell([record.id]);
      }
    }
    return result;
  }

  /** Path, size and state of the database file. */
  health(): CatalogueHealth {
    return this.#read(() => ({
      path: this.path,
      schemaVersion: schemaVersion(this.#database),
      runs: this.#database.prepare('SELECT count(*) FROM runs').pluck().get() as number,
      bytes: ['', '-wal'].reduce(
        (sum, end) => sum + (statSync(this.path + end, { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
      quickCheck: this.#database.pragma('quick_check(1)', { simple: true }) as string,
    }));
  }

  close(): void {
    this.#database.close();
  }

  #read<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (saysDamaged(error)) noteDamage(this.path);
      throw toCatalogueError(error, this.path);
    }
  }

  /** Takes the write lock from the start: a transaction that reads first cannot wait for it, and would fail as busy. */
  #write<T>(operation: () => T): T {
    return this.#read(() => this.#database.transaction(operation).immediate());
  }

  #select(clauses: string, ...values: (string | number)[]): RunRecord[] {
    return this.#read(() => (this.#database.prepare(`${selectRuns} ${clauses}`).all(...values) as Row[]).map(fromRow));
  }

  #find(id: string): RunRecord | undefined {
    return this.#select('WHERE id = ?', id)[0];
  }

  #ids(): string[] {
    return this.#database.prepare('SELECT id FROM runs ORDER BY id').pluck().all() as string[];
  }

  #unknown(id: string): CupbearerError {
    const guess = nearest(id, this.#ids());
    return new CupbearerError('not-found', `There is no run "${id}".${guess ? ` Did you mean "${guess}"?` : ''}`, {
      hint: '`cupbearer runs` lists them all.',
    });
  }

  #store(statement: typeof insertRun, record: RunRecord): void {
    this.#database.prepare(statement).run(toRow(record));
    this.#storeList('run_parents', 'parent_id', record.id, record.parents);
    this.#storeList('run_tags', 'tag', record.id, record.tags);
  }

  #storeList(table: string, column: string, id: string, values: readonly string[]): void {
    this.#database.prepare(`DELETE FROM ${table} WHERE run_id = ?`).run(id);
    const insert = this.#database.prepare(`INSERT INTO ${table} (run_id, position, ${column}) VALUES (?, ?, ?)`);
    values.forEach((value, position) => insert.run(id, position, value));
  }

  /**
   * Writes the row of a run into its folder and takes its mark away. It holds the lock meanwhile: what another process
   * has changed since must not be overwritten. The mark stays if the folder is gone, as its disk may be.
   */
  #mirror(id: string): void {
    try {
      this.#write(() => {
        const record = this.#find(id);
        if (record && !existsSync(record.folder)) return;
        if (record) writeIntoFolder(record);
        this.#database.prepare(markMirrored).run(id);
      });
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      this.notices.push(`The run ${id} was changed in the catalogue, but not in its folder. ${error.message}`);
    }
  }

  /** What `run.json` says of a run that has ended, if the row is not the newer of the two. */
  #endInFolder({ id, folder }: RunRecord): RunRecord | undefined {
    const isNewer = this.#database.prepare('SELECT 1 FROM unmirrored_runs WHERE run_id = ?').get(id) !== undefined;
    const told = isNewer ? undefined : recordIn(folder);
    return told?.id === id && hasEnded.includes(told.status) ? { ...told, folder } : undefined;
  }

  /** Whether the run was added; a run that moved is only given its new folder. */
  #takeUp(record: RunRecord, isListed: boolean): boolean {
    const { folder } = record;
    return this.#write(() => {
      const known = this.#find(record.id);
      if (known && (known.folder === folder || existsSync(known.folder))) return false;
      if (!isListed) addToFolderList(this.path, folder);
      this.#store(known ? updateRun : insertRun, known ? { ...known, folder } : record);
      return !known;
    });
  }

  #tell(ids: readonly string[]): void {
    if (ids.length > 0) for (const listener of this.#listeners) listener(ids);
  }
}

/** Folders of the evaluations inside the folder of a run. @throws CupbearerError `storage` if they cannot be read. */
function evaluationsIn(folder: string): string[] {
  const inside = join(folder, 'evals');
  if (!existsSync(inside)) return [];
  return withStorageErrors(`read the folder "${inside}"`, () => readdirSync(inside, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(inside, name))
    .filter((evaluation) => existsSync(join(evaluation, 'run.json')));
}

/** What `run.json` in a folder says; undefined if it cannot be read. */
function recordIn(folder: string): RunRecord | undefined {
  try {
    return readRecord(folder);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

/** Writes `run.json` where the folder is there and its path has not gone to another run since. */
function writeIntoFolder(record: RunRecord): void {
  if (existsSync(record.folder) && !belongsToAnother(record)) writeRecord(record.folder, record);
}

function belongsToAnother({ id, folder }: RunRecord): boolean {
  try {
    return readRecord(folder).id !== id;
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    // A missing or damaged record is written anew; one of a newer version knows more than this program would write.
    return error.details?.['found_format'] !== undefined;
  }
}
