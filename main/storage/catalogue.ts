import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import {
  runRecordSchema,
  type RunKind,
  type RunPatch,
  type RunRecord,
  type RunStatus,
} from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';
import {
  columns,
  fromRow,
  placeOfDamaged,
  selectChanges,
  selectRuns,
  toRow,
  type CatalogueRun,
  type Row,
} from './catalogue-rows.ts';
import { noteDamage } from './damage-note.ts';
import { addToFolderList, readFolderList, removeFromFolderList } from './folder-list.ts';
import { schemaVersion, tables } from './migrations/index.ts';
import { isProcessAlive } from './process-identity.ts';
import { realPathOf } from './real-path.ts';
import { evalFolders, holdsRecord, readRecord, writeRecord } from './run-folder.ts';
import { markRows, selectKnown, type MarksChange } from './run-marks.ts';
import { saysDamaged, toCatalogueError } from './sqlite.ts';
import { command, worded } from '../../shared/wording.ts';

/** What {@link Catalogue.list} leaves out where it is given. */
interface RunFilter {
  kind?: RunKind;
  status?: RunStatus;
  archived?: boolean;
  /** Words that must all occur in the id, title, folder, kind, notes or tags; upper and lower case letters a to z are the same. */
  search?: string;
  /** At most this many, newest first. */
  limit?: number;
}

/** Where the catalogue is and how large. */
interface CatalogueSize {
  path: string;
  schemaVersion: number;
  runs: number;
  /** Size of the database with its write-ahead log. */
  bytes: number;
}

/** What `cupbearer doctor` says of the catalogue. */
interface CatalogueHealth extends CatalogueSize {
  /** `ok`, or what SQLite found wrong. */
  quickCheck: string;
}

/** Some of the runs, as they are read one slice after another. */
export interface RunSlice {
  runs: CatalogueRun[];
  /** Where the next slice begins; null where there is none. */
  next: number | null;
}

/** What has changed since a revision, or a part of it. */
export interface RunChanges {
  /** Runs that are new or not as they were. */
  changed: CatalogueRun[];
  /** Ids of runs that are gone. */
  removed: string[];
  /** From where to ask again. */
  revision: number;
  /** Whether nothing newer was there. */
  isAll: boolean;
}

/** What {@link Catalogue.rebuild} did. */
export interface RebuildResult {
  added: string[];
  /** Folders whose run was not taken up. */
  skipped: SkippedFolder[];
}

/** A folder whose run was not taken up. */
interface SkippedFolder {
  folder: string;
  /** Why, as a sentence. */
  reason: string;
  /** The run's id, where it could be read but is listed with another folder. */
  listedId?: string;
}

/** What a run is in once it is over and was not cut off. */
const hasEnded: readonly RunStatus[] = ['done', 'failed', 'cancelled'];

const insertRun = `INSERT INTO runs (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`;

/**
 * A slice of runs ends after so many, or when reading them has taken so long: what follows (summaries, sending) takes as long
 * again, and other calls must not wait longer than anybody notices.
 */
const mostInSlice = 40;
const longestSliceMs = 10;

const patchSchema = runRecordSchema.omit({ id: true, kind: true, created_at: true }).partial();

/** Folders that are written to before a change of several runs is answered. */
const mostMirroredAtOnce = 5;

/** Ids that an unknown one is compared with, the newest: comparing takes microseconds each. */
const mostGuessed = 2000;

/** Note that `run.json` has to follow the row of a run, and that it has. */
const markUnmirrored = 'INSERT OR IGNORE INTO unmirrored_runs (run_id) VALUES (?)';
const markMirrored = 'DELETE FROM unmirrored_runs WHERE run_id = ?';
const selectUnmirrored = `SELECT unmirrored_runs.rowid AS place, run_id, folder FROM unmirrored_runs
  LEFT JOIN runs ON runs.id = run_id WHERE unmirrored_runs.rowid > ? ORDER BY unmirrored_runs.rowid LIMIT 1`;

/** A run whose `run.json` has to follow; one that was forgotten since has no folder. */
interface Unmirrored {
  place: number;
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
  /** By their text; there are a few dozen. */
  readonly #statements = new Map<string, Statement>();
  readonly #listeners = new Set<() => void>();
  /** What is done once the transaction that goes on is committed, and not if it is not. */
  #afterCommit: (() => void)[] = [];

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
      if (this.find(valid.id)) throw new CupbearerError('conflict', `There is a run ${valid.id} already.`);
      addToFolderList(this.path, valid.folder);
      this.#add(valid);
      writeIntoFolder(valid);
    });
    this.#tell();
  }

  /**
   * Changes a run and gives it back; what of its row cannot be read stays as it is. Where its folder is gone or cannot be
   * written to, the catalogue alone is changed and, in the latter case, a notice says so: that a disk is full must not keep
   * the run from being marked as failed.
   * @throws CupbearerError `not-found`, `storage`.
   */
  update(id: string, patch: RunPatch): CatalogueRun {
    // A key that is given is there with a value: the type of a patch says so, zod's does not.
    const valid = patchSchema.parse(patch) as RunPatch;
    const run = this.#write(() => {
      const place = this.#placeOf(id);
      if (place === undefined) throw this.#unknown(id);
      this.#prepared(markUnmirrored).run(id);
      return this.#change(place, valid);
    });
    this.#mirrorOrNote(id);
    this.#tell();
    return run;
  }

  /**
   * Changes tags, notes and the like of runs in one transaction: of all of them or, where one is not known, of none. The
   * `run.json` of a few follows at once, that of many by {@link mirrorNext}.
   * @throws CupbearerError `not-found`, `usage` as {@link get}, `storage`.
   */
  mark(ids: readonly string[], change: MarksChange): void {
    const marked = this.#write(() => {
      const known = new Set(this.#prepared(selectKnown).pluck().all(JSON.stringify(ids)) as string[]);
      for (const id of ids.filter((each) => !known.has(each)))
        known.add(this.#storedId(this.#placeOf(this.get(id).id)!));
      markRows((sql) => this.#prepared(sql), [...known], change);
      return known;
    });
    if (marked.size <= mostMirroredAtOnce) for (const id of marked) this.#mirrorOrNote(id);
    this.#tell();
  }

  /** The run with this very id, if there is one. */
  find(id: string): CatalogueRun | undefined {
    return this.#read(() => {
      const place = this.#placeOf(id);
      return place === undefined ? undefined : this.#at(place);
    });
  }

  /**
   * The run with this id; the beginning of an id or its last four characters will do where only one run has them.
   * @throws CupbearerError `not-found` naming the nearest id, `usage` with the ids where several fit.
   */
  get(id: string): CatalogueRun {
    return this.#read(() => {
      const exact = this.find(id);
      if (exact) return exact;
      const fitting = id === '' ? [] : this.#idsLike(id);
      if (fitting.length === 0) throw this.#unknown(id);
      if (fitting.length === 1) return this.find(fitting[0]!)!;
      const shown = fitting.slice(0, 5).join(', ') + (fitting.length > 5 ? ', …' : '');
      throw new CupbearerError('usage', `${fitting.length} runs fit "${id}": ${shown}.`, {
        hint: 'Give more of the id.',
      });
    });
  }

  /** The newest run of a folder. */
  byFolder(folder: string): CatalogueRun | undefined {
    return this.#select('WHERE folder = ? ORDER BY runs.created_at DESC, runs.rowid DESC LIMIT 1', resolve(folder))[0];
  }

  /** Runs whose folder begins with this path. */
  inside(path: string): CatalogueRun[] {
    // The index on folders knows ranges; no text sorts behind that character.
    return this.#select('WHERE folder >= ? AND folder < ?', path, `${path}\u{10ffff}`);
  }

  /** Ids of all runs of a kind, newest first. */
  idsOf(kind: RunKind): string[] {
    return this.#read(
      () =>
        this.#prepared('SELECT id FROM runs WHERE kind = ? ORDER BY created_at DESC, rowid DESC')
          .pluck()
          .all(kind) as string[],
    );
  }

  /** Runs that build on this one, oldest first. */
  childrenOf(id: string): string[] {
    return this.#read(
      () =>
        this.#prepared('SELECT DISTINCT run_id FROM run_parents WHERE parent_id = ? ORDER BY run_id')
          .pluck()
          .all(id) as string[],
    );
  }

  /** Runs that match, newest first. */
  list(filter: RunFilter = {}): CatalogueRun[] {
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
    return this.#select(
      `${where} ORDER BY runs.created_at DESC, runs.rowid DESC LIMIT ?`,
      ...values,
      filter.limit ?? -1,
    );
  }

  /**
   * A slice of all runs, those that were added last first, which takes a few milliseconds. `from` is the `next` of the slice
   * before; what changes meanwhile, {@link changesSince} tells.
   */
  slice(from: number = Number.MAX_SAFE_INTEGER): RunSlice {
    return this.#read(() => {
      const rows = this.#prepared(`${selectRuns} WHERE runs.rowid < ? ORDER BY runs.rowid DESC`);
      const runs: CatalogueRun[] = [];
      const isFull = sliceEnd();
      for (const row of rows.iterate(from) as Iterable<Row>) {
        runs.push(fromRow(row));
        if (isFull(runs.length)) return { runs, next: Number(row['place']) };
      }
      return { runs, next: null };
    });
  }

  /** A number that rises with every change, whoever makes it. */
  get revision(): number {
    return this.#read(
      () => this.#prepared('SELECT coalesce(max(revision), 0) FROM run_changes').pluck().get() as number,
    );
  }

  /** What has changed since a revision, the oldest change first; of much that has, a part that takes a few milliseconds. */
  changesSince(revision: number): RunChanges {
    return this.#read(() => {
      const rows = this.#prepared(selectChanges);
      const changes: RunChanges = { changed: [], removed: [], revision, isAll: true };
      const isFull = sliceEnd();
      for (const row of rows.iterate(revision) as Iterable<Row>) {
        changes.revision = Number(row['revision']);
        if (row['place'] === null) changes.removed.push(String(row['changed_id']));
        else changes.changed.push(fromRow(row));
        if (!isFull(changes.changed.length + changes.removed.length)) continue;
        return { ...changes, isAll: false };
      }
      return changes;
    });
  }

  /** Calls `listener` after each change that this process makes. Returns an unsubscribe function. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Writes `run.json` of the runs whose row was changed by a process that was killed, or found a full disk, before it
   * could; of at most `most` of them, which takes milliseconds each.
   */
  mirrorPending(most = Infinity): void {
    let next = this.mirrorNext(0);
    for (let count = 1; next; count++) {
      if (next.failure !== undefined) this.notices.push(next.failure);
      next = count < most ? this.mirrorNext(next.place) : undefined;
    }
  }

  /**
   * Writes `run.json` of the next run behind `place` whose row is newer. Returns its place, and a sentence if it could not be
   * written; undefined if there is none.
   */
  mirrorNext(place: number): { place: number; failure?: string | undefined } | undefined {
    const next = this.#read(() => this.#prepared(selectUnmirrored).get(place) as Unmirrored | undefined);
    if (!next) return undefined;
    // Where there is nothing to write, nobody is to wait for the lock.
    const isGone = next.folder !== null && !existsSync(next.folder);
    return { place: next.place, failure: isGone ? undefined : this.#mirror(next.run_id) };
  }

  /** Whether the run that lies in a folder is missing here; false also if there is none that can be read. */
  isMissing(folder: string): boolean {
    const record = recordIn(folder);
    return record !== undefined && this.find(record.id) === undefined;
  }

  /**
   * Checks that the file has the tables and columns that it should have, and that what they do by themselves when they
   * are written to can be understood. @throws what `saysDamaged` recognises if not.
   */
  checkStatements(): void {
    for (const sql of [selectRuns, selectChanges, insertRun, markUnmirrored, markMirrored]) this.#prepared(sql);
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
  markInterrupted(isAlive: (pid: number, started: string | null) => boolean): CatalogueRun[] {
    const unfinished = this.#select("WHERE status IN ('queued', 'running')");
    const gone = unfinished.filter(({ host_pid: pid, host_started }) => pid === null || !isAlive(pid, host_started));
    if (gone.length === 0) return [];
    const marked = this.#write(() =>
      gone.flatMap((seen) => {
        const place = this.#placeOf(seen.id);
        const now = place === undefined ? undefined : this.#at(place);
        // Meanwhile another process may have marked it, or resumed it under a process of its own.
        if (now?.status !== seen.status || now.host_pid !== seen.host_pid || now.host_started !== seen.host_started)
          return [];
        const end = this.#endInFolder(now) ?? cutOff;
        this.#prepared(markUnmirrored).run(seen.id);
        return [this.#change(place!, end)];
      }),
    );
    for (const { id } of marked) this.#mirrorOrNote(id);
    this.#tell();
    return marked.filter(({ status }) => status === 'interrupted');
  }

  /** Makes several changes in one transaction: all of them or, where one throws, none; a disk is waited for only once. */
  together(changes: () => void): void {
    this.#write(changes);
  }

  /** Removes a run from the catalogue, not its folder. @throws CupbearerError `not-found`, `usage` as {@link get}. */
  forget(id: string): void {
    const { id: found, folder } = this.get(id);
    this.#write(() => {
      this.#prepared('DELETE FROM runs WHERE rowid = ?').run(this.#placeOf(found));
      // Readers know the row by its stand-in, if it had one.
      if (placeOfDamaged(found) !== undefined) this.#prepared('INSERT INTO run_changes (run_id) VALUES (?)').run(found);
      if (!this.#prepared('SELECT 1 FROM runs WHERE folder = ?').get(folder))
        this.#afterCommit.push(() => this.#unlist(folder));
    });
    this.#tell();
  }

  /**
   * Takes up the runs of these folders, and of the further evaluations in them, that the catalogue does not know. A run
   * that it knows under a folder that is gone is given its new one, and a row that is damaged what its folder says. A folder
   * that is damaged is skipped with the reason, and so is one whose run is listed with another folder that is there. A run that
   * goes on according to its folder, and that no process here does, is taken up as interrupted.
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
        const found = asFound(record);
        const isCutOff = found !== record;
        const { isAdded, other } = this.#takeUp({ ...found, folder: path }, { isListed: listed.has(path), isCutOff });
        if (isAdded && isCutOff) this.#mirrorOrNote(record.id);
        if (isAdded) result.added.push(path);
        if (other !== undefined) result.skipped.push({ folder: path, reason: listedWith(other), listedId: record.id });
      }
    }
    this.#tell();
    return result;
  }

  /** Path and size of the database file. */
  size(): CatalogueSize {
    return this.#read(() => ({
      path: this.path,
      schemaVersion: schemaVersion(this.#database),
      runs: this.#prepared('SELECT count(*) FROM runs').pluck().get() as number,
      bytes: ['', '-wal'].reduce(
        (sum, end) => sum + (statSync(this.path + end, { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
    }));
  }

  /** The same, and what SQLite finds wrong with the file, for which it reads all of it. */
  health(): CatalogueHealth {
    const quickCheck = this.#read(() => this.#database.pragma('quick_check(1)', { simple: true }) as string);
    return { ...this.size(), quickCheck };
  }

  close(): void {
    this.#database.close();
  }

  /** A statement, prepared once: preparing the selection of a run takes longer than reading one. */
  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
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
    try {
      const result = this.#read(() => this.#database.transaction(operation).immediate());
      if (!this.#database.inTransaction) for (const follow of this.#afterCommit) follow();
      return result;
    } finally {
      if (!this.#database.inTransaction) this.#afterCommit = [];
    }
  }

  /** A folder that stays in the list is looked at when the catalogue is rebuilt; one that is missing from it would not be. */
  #unlist(folder: string): void {
    try {
      removeFromFolderList(this.path, folder);
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      this.notices.push(error.message);
    }
  }

  #select(clauses: string, ...values: (string | number)[]): CatalogueRun[] {
    return this.#read(() => (this.#prepared(`${selectRuns} ${clauses}`).all(...values) as Row[]).map(fromRow));
  }

  #at(place: number): CatalogueRun | undefined {
    return this.#select('WHERE runs.rowid = ?', place)[0];
  }

  /** Where the row of a run is, also of one whose id cannot be read. */
  #placeOf(id: string): number | undefined {
    const found = this.#prepared('SELECT rowid FROM runs WHERE id = ?').pluck().get(id) as number | undefined;
    const damaged = found === undefined ? placeOfDamaged(id) : undefined;
    if (damaged === undefined) return found;
    return this.#prepared('SELECT rowid FROM runs WHERE rowid = ?').pluck().get(damaged) as number | undefined;
  }

  /** The id in a row, also one that cannot be read, for which readers have a stand-in. */
  #storedId(place: number): string {
    return this.#prepared('SELECT id FROM runs WHERE rowid = ?').pluck().get(place) as string;
  }

  /** Ids that begin with a text, or whose last part it is. */
  #idsLike(text: string): string[] {
    return this.#prepared(
      `SELECT id FROM runs WHERE substr(id, 1, length(@text)) = @text OR substr(id, -length(@text) - 1) = '-' || @text ORDER BY id`,
    ) // prettier-ignore
      .pluck()
      .all({ text }) as string[];
  }

  #unknown(id: string): CupbearerError {
    const newest = this.#prepared('SELECT id FROM runs ORDER BY rowid DESC LIMIT ?').pluck();
    const guess = nearest(id, newest.all(mostGuessed) as string[]);
    return new CupbearerError('not-found', `There is no run "${id}".${guess ? ` Did you mean "${guess}"?` : ''}`, {
      hint: worded`${command('`cupbearer runs` lists them all.', 'The screen Runs lists them all.')}`,
    });
  }

  #add(record: RunRecord): void {
    this.#prepared(insertRun).run(toRow(record));
    this.#storeList('run_parents', 'parent_id', record.id, record.parents);
    this.#storeList('run_tags', 'tag', record.id, record.tags);
  }

  /** Changes what is given of a row, and nothing else: what of it cannot be read is still there for whoever can. */
  #change(place: number, patch: Partial<RunRecord>): CatalogueRun {
    const names = columns.filter((name) => name in patch);
    if (names.length > 0) {
      const values = names.map((name) => `${name} = @${name}`).join(', ');
      this.#prepared(`UPDATE runs SET ${values} WHERE rowid = @place`).run({ ...toRow(patch, names), place });
    }
    const id = this.#storedId(place);
    if (patch.parents) this.#storeList('run_parents', 'parent_id', id, patch.parents);
    if (patch.tags) this.#storeList('run_tags', 'tag', id, patch.tags);
    return this.#at(place)!;
  }

  #storeList(table: string, column: string, id: string, values: readonly string[]): void {
    this.#prepared(`DELETE FROM ${table} WHERE run_id = ?`).run(id);
    const insert = this.#prepared(`INSERT INTO ${table} (run_id, position, ${column}) VALUES (?, ?, ?)`);
    values.forEach((value, position) => insert.run(id, position, value));
  }

  /**
   * Writes the row of a run into its folder and takes its mark away. It holds the lock meanwhile: what another process
   * has changed since must not be overwritten. The mark stays if the folder is gone, as its disk may be. Returns a
   * sentence if it could not be written.
   */
  #mirror(id: string): string | undefined {
    try {
      this.#write(() => {
        const run = this.find(id);
        if (run && !existsSync(run.folder)) return;
        if (run) writeIntoFolder(run);
        this.#prepared(markMirrored).run(id);
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      return `The run ${id} was changed in the catalogue, but not in its folder. ${error.message}`;
    }
  }

  #mirrorOrNote(id: string): void {
    const failure = this.#mirror(id);
    if (failure !== undefined) this.notices.push(failure);
  }

  /** What `run.json` says of a run that has ended, if the row is not the newer of the two. */
  #endInFolder({ id, folder }: RunRecord): RunRecord | undefined {
    const isNewer = this.#prepared('SELECT 1 FROM unmirrored_runs WHERE run_id = ?').get(id) !== undefined;
    const told = isNewer ? undefined : recordIn(folder);
    return told?.id === id && hasEnded.includes(told.status) ? { ...told, folder } : undefined;
  }

  /**
   * Returns whether the run was added; one that moved is only given its new folder, one whose row is damaged all that it
   * lacks. `other` is the folder that it is listed with where that is there and another.
   */
  #takeUp(
    record: RunRecord,
    { isListed, isCutOff }: { isListed: boolean; isCutOff: boolean },
  ): { isAdded: boolean; other?: string } {
    const { folder } = record;
    return this.#write(() => {
      const place = this.#placeOf(record.id);
      const known = place === undefined ? undefined : this.#at(place);
      if (known && !known.damage && existsSync(known.folder))
        return { isAdded: false, ...(isSameFolder(known.folder, folder) ? {} : { other: known.folder }) };
      if (!isListed) addToFolderList(this.path, folder);
      if (place === undefined) this.#add(record);
      else this.#change(place, known?.damage ? record : { folder });
      // Its run.json still says that it goes on.
      if (isCutOff) this.#prepared(markUnmirrored).run(record.id);
      return { isAdded: place === undefined };
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Whether a slice that was begun just now and has so many runs is to end. */
function sliceEnd(): (length: number) => boolean {
  const latest = performance.now() + longestSliceMs;
  return (length) => length >= mostInSlice || performance.now() > latest;
}

/** Whether two paths lead to one folder, by links even. */
function isSameFolder(one: string, other: string): boolean {
  return one === other || realPathOf(one) === realPathOf(other);
}

/** Why a run is not taken up that is listed with another folder. */
function listedWith(folder: string): string {
  return `Its run is listed already, with the folder "${folder}". To list it with this one, move the other elsewhere first.`;
}

/** Folders of the evaluations inside the folder of a run. @throws CupbearerError `storage` if they cannot be read. */
function evaluationsIn(folder: string): string[] {
  return evalFolders(folder).filter(holdsRecord);
}

/** What becomes of a run whose process is gone. */
const cutOff = {
  status: 'interrupted' as const,
  error: { code: 'crashed' as const, message: 'The process that did this run ended without finishing it.' },
};

/**
 * A run as its folder has it, unless that says that it goes on: whoever wrote the folder may have named any process. Every
 * process of ours notes its start, by which a live one of the same number is told apart.
 */
function asFound(record: RunRecord): RunRecord {
  const { status, host_pid: pid, host_started: started } = record;
  if (status !== 'running' && status !== 'queued') return record;
  return pid !== null && started !== null && isProcessAlive(pid, started) ? record : { ...record, ...cutOff };
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
function writeIntoFolder({ damage, ...record }: CatalogueRun): void {
  if (!existsSync(record.folder) || belongsToAnother(record)) return;
  if (!damage) writeRecord(record.folder, record);
  else if (holdsRecord(record.folder)) {
    // The folder knows what the row has lost: a stand-in must not take its place.
    const readable = Object.entries(record).filter(([key]) => !damage.fields.includes(key as keyof RunRecord));
    writeRecord(record.folder, { ...readRecord(record.folder), ...Object.fromEntries(readable) });
  }
}

function belongsToAnother({ id, folder }: RunRecord): boolean {
  try {
    return readRecord(folder).id !== id;
  } catch (error) {
    if (!(error instanceof CupbearerError)) throw error;
    // A missing or damaged record is written again; one of a newer version knows more than this program would write.
    return error.details?.['found_format'] !== undefined;
  }
}
