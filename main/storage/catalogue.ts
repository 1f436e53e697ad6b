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
  selectSpecs,
  specFromRow,
  toRow,
  type CatalogueRun,
  type Row,
} from './catalogue-rows.ts';
import { noteDamage } from './damage-note.ts';
import { holdsExperiment, readExperiment, readLinks } from './experiment-folder.ts';
import { ExperimentIndex, selectExperiments } from './experiment-index.ts';
import { addToFolderList, readFolderList, removeFromFolderList } from './folder-list.ts';
import { schemaVersion, tables } from './migrations/index.ts';
import { asFound, cutOff, recordIn, writeIntoFolder } from './mirrored-record.ts';
import { realPathOf } from './real-path.ts';
import { TrashIndex } from './trash-index.ts';
import { evalFolders, holdsRecord, readRecord } from './run-folder.ts';
import { markRows, selectKnown, type MarksChange } from './run-marks.ts';
import { saysDamaged, toCatalogueError } from './sqlite.ts';
import { command, worded } from '../../shared/wording.ts';

/** Which runs {@link Catalogue.list} returns. */
interface RunFilter {
  kind?: RunKind;
  status?: RunStatus;
  archived?: boolean;
  /**
   * Words that must all occur in the id, title, folder, kind, notes or tags; upper and lower case letters a to z are
   * the same.
   */
  search?: string;
  /** At most this many, newest first. */
  limit?: number;
}

/** Where the catalogue is and how large it is. */
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

/** Some of the runs; all are read slice by slice. */
export interface RunSlice {
  runs: CatalogueRun[];
  /** Where the next slice begins; null if there is none. */
  next: number | null;
}

/** The spec of a run as its row has it, without the rest of the row. */
export interface RunSpec {
  id: string;
  kind: RunRecord['kind'];
  spec: Readonly<Record<string, unknown>>;
  parents: readonly string[];
}

/** Specs of some of the runs; all are read slice by slice. */
interface SpecSlice {
  specs: RunSpec[];
  /** Where the next slice begins; null if there is none. */
  next: number | null;
}

/** What has changed since a revision, or a part of it. */
export interface RunChanges {
  /** Runs that are new or have changed. */
  changed: CatalogueRun[];
  /** Ids of runs that are gone. */
  removed: string[];
  /** The revision to continue from. */
  revision: number;
  /** Whether there was nothing newer. */
  isAll: boolean;
}

/** What {@link Catalogue.rebuild} did. */
export interface RebuildResult {
  added: string[];
  /** Folders whose run was not added. */
  skipped: SkippedFolder[];
}

/** A folder whose run was not added. */
interface SkippedFolder {
  folder: string;
  /** Why, as a sentence. */
  reason: string;
  /** The run's id, if it could be read but is listed with another folder. */
  listedId?: string;
}

/** Statuses of a run that has ended and was not interrupted. */
const hasEnded: readonly RunStatus[] = ['done', 'failed', 'cancelled'];

const insertRun = `INSERT INTO runs (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`;

/**
 * A slice of runs ends after this many runs or this long: what follows (summaries, sending) takes as long again, and
 * other calls must not wait noticeably.
 */
const mostInSlice = 40;
const longestSliceMs = 10;

const patchSchema = runRecordSchema.omit({ id: true, kind: true, created_at: true }).partial();

/** Most folders written before a change of several runs is answered. */
const mostMirroredAtOnce = 5;

/** An unknown id is compared with this many of the newest ones, at some microseconds each. */
const mostGuessed = 2000;

/** Mark that `run.json` has yet to follow a run's row, and that it has followed. */
const markUnmirrored = 'INSERT OR IGNORE INTO unmirrored_runs (run_id) VALUES (?)';
const markMirrored = 'DELETE FROM unmirrored_runs WHERE run_id = ?';
const selectUnmirrored = `SELECT unmirrored_runs.rowid AS place, run_id, folder FROM unmirrored_runs
  LEFT JOIN runs ON runs.id = run_id WHERE unmirrored_runs.rowid > ? ORDER BY unmirrored_runs.rowid LIMIT 1`;

/** A run whose `run.json` has yet to follow; no folder if the run has been removed since. */
interface Unmirrored {
  place: number;
  run_id: string;
  folder: string | null;
}

/**
 * All runs that this user's program knows. What is committed here counts, and `run.json` in a run's folder follows, so
 * that a lost catalogue can be rebuilt. A change sets a mark in the same transaction, which is removed when the folder
 * has followed. Opened by `openCatalogue`; several processes may use it at once. Every method @throws CupbearerError
 * `storage` if the file is locked for longer than the timeout, full or read-only.
 */
export class Catalogue {
  readonly path: string;
  /**
   * Problems that the user should know about: a damaged file that was rebuilt, a folder that could not be written to.
   */
  readonly notices: string[] = [];
  readonly experiments: ExperimentIndex;
  readonly trash: TrashIndex;
  readonly #database: Database;
  /** A few dozen, by their text. */
  readonly #statements = new Map<string, Statement>();
  readonly #listeners = new Set<() => void>();
  /** What to do once the current transaction is committed; dropped if it is rolled back. */
  #afterCommit: (() => void)[] = [];

  /** `database` must be of the latest schema version before anything is asked of it. */
  constructor(database: Database) {
    this.#database = database;
    this.path = database.name;
    const access = {
      path: this.path,
      prepared: (sql: string) => this.#prepared(sql),
      read: <T>(operation: () => T) => this.#read(operation),
      write: <T>(operation: () => T) => this.#write(operation),
    };
    this.experiments = new ExperimentIndex(access);
    this.trash = new TrashIndex(access);
  }

  /** Adds an experiment that has its folder, or takes up what of it has changed there. @throws CupbearerError `conflict`, `storage`. */
  takeUpExperiment(folder: string): void {
    const path = resolve(folder);
    const file = readExperiment(path);
    const links = readLinks(path);
    this.#write(() => {
      if (!this.experiments.byFolder(path)) addToFolderList(this.path, path);
      this.experiments.put(file, path);
      for (const { key, run } of links.values()) this.experiments.link(file.id, key, run);
    });
  }

  /**
   * Adds a run and writes its `run.json`; if that fails, nothing is added.
   * @throws CupbearerError `conflict` if the id is taken, `storage`.
   */
  insert(record: RunRecord): void {
    const valid = runRecordSchema.parse({ ...record, folder: resolve(record.folder) });
    this.#write(() => {
      if (this.find(valid.id)) throw new CupbearerError('conflict', `There is a run ${valid.id} already.`);
      addToFolderList(this.path, valid.folder);
      this.#add(valid);
      writeIntoFolder(valid);
    });
    this.tell();
  }

  /**
   * Changes a run and returns it. What cannot be read of its row stays as it is. If its folder is gone or cannot be
   * written to, only the catalogue is changed and, in the latter case, a notice says so: a full disk must not keep a
   * run from being marked as failed.
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
    this.tell();
    return run;
  }

  /**
   * Changes tags, notes and the like of runs in one transaction: all of them or, if one is not known, none. For a few
   * runs `run.json` follows at once, for many by {@link mirrorNext}.
   * @throws CupbearerError `not-found`, `usage` as {@link get}, `storage`.
   */
  mark(ids: readonly string[], change: MarksChange): void {
    const marked = this.#write(() => {
      const known = new Set(this.#prepared<string>(selectKnown).pluck().all(JSON.stringify(ids)));
      for (const id of ids.filter((each) => !known.has(each)))
        known.add(this.#storedId(this.#placeOf(this.get(id).id)!));
      markRows((sql) => this.#prepared(sql), [...known], change);
      return known;
    });
    if (marked.size <= mostMirroredAtOnce) for (const id of marked) this.#mirrorOrNote(id);
    this.tell();
  }

  /** Returns the run with exactly this id, if there is one. */
  find(id: string): CatalogueRun | undefined {
    return this.#read(() => {
      const place = this.#placeOf(id);
      return place === undefined ? undefined : this.#at(place);
    });
  }

  /**
   * Returns the run with this id. The beginning of an id or its last four characters are enough if only one run has
   * them.
   * @throws CupbearerError `not-found` naming the nearest id, `usage` with the ids if several fit.
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

  /** Returns the newest run of a folder. */
  byFolder(folder: string): CatalogueRun | undefined {
    return this.#select('WHERE folder = ? ORDER BY runs.created_at DESC, runs.rowid DESC LIMIT 1', resolve(folder))[0];
  }

  /** Returns the runs whose folder begins with this path. */
  inside(path: string): CatalogueRun[] {
    // The index on folders serves ranges; no text sorts after that character.
    return this.#select('WHERE folder >= ? AND folder < ?', path, `${path}\u{10ffff}`);
  }

  /** Returns the ids of all runs of a kind, newest first. */
  idsOf(kind: RunKind): string[] {
    return this.#read(() =>
      this.#prepared<string>('SELECT id FROM runs WHERE kind = ? ORDER BY created_at DESC, rowid DESC')
        .pluck()
        .all(kind),
    );
  }

  /** Returns the ids of the runs that build on this one, oldest first. */
  childrenOf(id: string): string[] {
    return this.#read(() =>
      this.#prepared<string>('SELECT DISTINCT run_id FROM run_parents WHERE parent_id = ? ORDER BY run_id')
        .pluck()
        .all(id),
    );
  }

  /** Returns the runs that match, newest first. */
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
   * Returns a slice of all runs, those added last first, within a few milliseconds. `from` is the `next` of the
   * previous slice. Changes in the meantime are returned by {@link changesSince}.
   */
  slice(from: number = Number.MAX_SAFE_INTEGER): RunSlice {
    return this.#read(() => {
      const rows = this.#prepared<Row>(`${selectRuns} WHERE runs.rowid < ? ORDER BY runs.rowid DESC`);
      const runs: CatalogueRun[] = [];
      const isFull = sliceEnd();
      for (const row of rows.iterate(from)) {
        runs.push(fromRow(row));
        if (isFull(runs.length)) return { runs, next: Number(row['place']) };
      }
      return { runs, next: null };
    });
  }

  /** Returns a slice of the specs of all runs, as {@link slice} does of the runs; many times as many in the same time. */
  specSlice(from: number = Number.MAX_SAFE_INTEGER): SpecSlice {
    return this.#read(() => {
      const rows = this.#prepared<Row>(`${selectSpecs} WHERE runs.rowid < ? ORDER BY runs.rowid DESC`);
      const specs: RunSpec[] = [];
      const latest = performance.now() + longestSliceMs / 2;
      for (const row of rows.iterate(from)) {
        specs.push(...specFromRow(row));
        if (performance.now() > latest) return { specs, next: Number(row['place']) };
      }
      return { specs, next: null };
    });
  }

  /** Returns the specs of runs by their ids; unknown ones are left out. */
  specsOf(ids: readonly string[]): RunSpec[] {
    return this.#read(() =>
      this.#prepared<Row>(`${selectSpecs} WHERE runs.id IN (SELECT value FROM json_each(?))`)
        .all(JSON.stringify(ids))
        .flatMap(specFromRow),
    );
  }

  /** A number that rises with every change, whichever process makes it. */
  get revision(): number {
    return this.#read(
      () => this.#prepared<number>('SELECT coalesce(max(revision), 0) FROM run_changes').pluck().get() ?? 0,
    );
  }

  /**
   * Returns what has changed since a revision, oldest first, or the part of it that takes a few milliseconds.
   */
  changesSince(revision: number): RunChanges {
    return this.#read(() => {
      const rows = this.#prepared<Row>(selectChanges);
      const changes: RunChanges = { changed: [], removed: [], revision, isAll: true };
      const isFull = sliceEnd();
      for (const row of rows.iterate(revision)) {
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

  /** Tells listeners of a change; a connection that another thread of this process has opened cannot. */
  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * Writes `run.json` of at most `most` runs whose row was changed by a process that was killed, or found a full disk,
   * before it could write. Takes milliseconds for each.
   */
  mirrorPending(most = Infinity): void {
    let next = this.mirrorNext(0);
    for (let count = 1; next; count++) {
      if (next.failure !== undefined) this.notices.push(next.failure);
      next = count < most ? this.mirrorNext(next.place) : undefined;
    }
  }

  /**
   * Writes `run.json` of the next run after `place` whose row is newer. Returns its place, with a sentence if it could
   * not be written; undefined if there is none.
   */
  mirrorNext(place: number): { place: number; failure?: string | undefined } | undefined {
    const next = this.#read(() => this.#prepared<Unmirrored>(selectUnmirrored).get(place));
    if (!next) return undefined;
    // Without anything to write, there is no need to wait for the lock.
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
    for (const sql of [selectRuns, selectChanges, insertRun, markUnmirrored, markMirrored, selectExperiments])
      this.#prepared(sql);
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
        if (place === undefined) return [];
        const now = this.#at(place);
        // Another process may have marked it in the meantime, or resumed it.
        if (now?.status !== seen.status || now.host_pid !== seen.host_pid || now.host_started !== seen.host_started)
          return [];
        const end = this.#endInFolder(now) ?? cutOff;
        this.#prepared(markUnmirrored).run(seen.id);
        return [this.#change(place, end)];
      }),
    );
    for (const { id } of marked) this.#mirrorOrNote(id);
    this.tell();
    return marked.filter(({ status }) => status === 'interrupted');
  }

  /** Makes several changes in one transaction: all or, if one throws, none. Waits for the disk only once. */
  together(changes: () => void): void {
    this.#write(changes);
  }

  /**
   * Adds runs that were here before, those whose id is free; `run.json` in their folders follows by {@link mirrorNext}.
   * @throws CupbearerError `storage`.
   */
  putBack(records: readonly RunRecord[]): void {
    this.#write(() => {
      for (const record of records) {
        if (this.find(record.id)) continue;
        addToFolderList(this.path, record.folder);
        this.#add(record);
        this.#prepared(markUnmirrored).run(record.id);
      }
    });
    this.tell();
  }

  /** Removes a run from the catalogue, not its folder. @throws CupbearerError `not-found`, `usage` as {@link get}. */
  forget(id: string): void {
    const { id: found, folder } = this.get(id);
    this.#write(() => {
      this.#prepared('DELETE FROM runs WHERE rowid = ?').run(this.#placeOf(found));
      // Readers know the row by its stand-in id, if it had one.
      if (placeOfDamaged(found) !== undefined) this.#prepared('INSERT INTO run_changes (run_id) VALUES (?)').run(found);
      if (!this.#prepared('SELECT 1 FROM runs WHERE folder = ?').get(folder))
        this.#afterCommit.push(() => this.#unlist(folder));
    });
    this.tell();
  }

  /**
   * Adds the runs in these folders, and the further evaluations in them, if the catalogue does not know them. A known
   * run whose folder is gone gets its new folder, and a damaged row gets what its folder says. Skips, with the reason,
   * a folder that is damaged and one whose run is listed with another existing folder. A run that is unfinished
   * according to its folder, with no process here, is added as interrupted.
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
      if (holdsExperiment(folder)) {
        skipping(folder, () => this.takeUpExperiment(folder));
        continue;
      }
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
    this.tell();
    return result;
  }

  /** Returns path and size of the database file. */
  size(): CatalogueSize {
    return this.#read(() => ({
      path: this.path,
      schemaVersion: schemaVersion(this.#database),
      runs: this.#prepared<number>('SELECT count(*) FROM runs').pluck().get() ?? 0,
      bytes: ['', '-wal'].reduce(
        (sum, end) => sum + (statSync(this.path + end, { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
    }));
  }

  /** Returns the same with what SQLite finds wrong with the file, after reading all of it. */
  health(): CatalogueHealth {
    const quickCheck = this.#read(() => String(this.#database.pragma('quick_check(1)', { simple: true })));
    return { ...this.size(), quickCheck };
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Returns a statement that yields rows of this type, prepared once: preparing one takes longer than reading a run.
   */
  #prepared<Result>(sql: string): Statement<unknown[], Result> {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known as Statement<unknown[], Result>;
  }

  #read<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (saysDamaged(error)) noteDamage(this.path);
      throw toCatalogueError(error, this.path);
    }
  }

  /**
   * Takes the write lock at the start: a transaction that reads first cannot wait for the lock and would fail as busy.
   */
  #write<T>(operation: () => T): T {
    try {
      const result = this.#read(() => this.#database.transaction(operation).immediate());
      if (!this.#database.inTransaction) for (const follow of this.#afterCommit) follow();
      return result;
    } finally {
      if (!this.#database.inTransaction) this.#afterCommit = [];
    }
  }

  /**
   * Takes a folder off the list. A failure is harmless: the folder is then looked at when the catalogue is rebuilt.
   */
  #unlist(folder: string): void {
    try {
      removeFromFolderList(this.path, folder);
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      this.notices.push(error.message);
    }
  }

  #select(clauses: string, ...values: (string | number)[]): CatalogueRun[] {
    return this.#read(() =>
      this.#prepared<Row>(`${selectRuns} ${clauses}`)
        .all(...values)
        .map(fromRow),
    );
  }

  #at(place: number): CatalogueRun | undefined {
    return this.#select('WHERE runs.rowid = ?', place)[0];
  }

  /** Returns where the row of a run is, even if its id cannot be read. */
  #placeOf(id: string): number | undefined {
    const found = this.#prepared<number>('SELECT rowid FROM runs WHERE id = ?').pluck().get(id);
    const damaged = found === undefined ? placeOfDamaged(id) : undefined;
    if (damaged === undefined) return found;
    return this.#prepared<number>('SELECT rowid FROM runs WHERE rowid = ?').pluck().get(damaged);
  }

  /** Returns the id in a row, even one that cannot be read and has a stand-in. */
  #storedId(place: number): string {
    return this.#prepared('SELECT id FROM runs WHERE rowid = ?').pluck().get(place) as string;
  }

  /** Returns the ids that begin with a text or have it as their last part. */
  #idsLike(text: string): string[] {
    return this.#prepared<string>(
      `SELECT id FROM runs WHERE substr(id, 1, length(@text)) = @text OR substr(id, -length(@text) - 1) = '-' || @text ORDER BY id`,
    ) // prettier-ignore
      .pluck()
      .all({ text });
  }

  #unknown(id: string): CupbearerError {
    const newest = this.#prepared<string>('SELECT id FROM runs ORDER BY rowid DESC LIMIT ?').pluck();
    const guess = nearest(id, newest.all(mostGuessed));
    return new CupbearerError('not-found', `There is no run "${id}".${guess ? ` Did you mean "${guess}"?` : ''}`, {
      hint: worded`${command('`cupbearer runs` lists them all.', 'The screen Runs lists them all.')}`,
    });
  }

  #add(record: RunRecord): void {
    this.#prepared(insertRun).run(toRow(record));
    this.#storeList('run_parents', 'parent_id', record.id, record.parents);
    this.#storeList('run_tags', 'tag', record.id, record.tags);
  }

  /** Changes only the given columns of a row: what cannot be read stays for a version that can. */
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
   * Writes the row of a run into its folder and removes its mark, holding the lock, so that no change by another
   * process is overwritten. Keeps the mark if the folder is gone, because its disk may be. Returns a sentence if
   * writing fails.
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

  /** Returns what `run.json` says about a run that has ended, unless the row is newer. */
  #endInFolder({ id, folder }: RunRecord): RunRecord | undefined {
    const isNewer = this.#prepared('SELECT 1 FROM unmirrored_runs WHERE run_id = ?').get(id) !== undefined;
    const told = isNewer ? undefined : recordIn(folder);
    return told?.id === id && hasEnded.includes(told.status) ? { ...told, folder } : undefined;
  }

  /**
   * Returns whether the run was added. A run that moved only gets its new folder, one with a damaged row all that is
   * missing. `other` is the folder that it is listed with, if that exists and is another one.
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
      // Its run.json still says that it is running.
      if (isCutOff) this.#prepared(markUnmirrored).run(record.id);
      return { isAdded: place === undefined };
    });
  }
}

/** Returns a function that says whether a slice of this many runs, started now, is full. */
function sliceEnd(): (length: number) => boolean {
  const latest = performance.now() + longestSliceMs;
  return (length) => length >= mostInSlice || performance.now() > latest;
}

/** Whether two paths lead to one folder, by links even. */
function isSameFolder(one: string, other: string): boolean {
  return one === other || realPathOf(one) === realPathOf(other);
}

/** Explains why a run that is listed with another folder is not added. */
function listedWith(folder: string): string {
  return `Its run is listed already, with the folder "${folder}". To list it with this one, move the other elsewhere first.`;
}

/** Folders of the evaluations inside the folder of a run. @throws CupbearerError `storage` if they cannot be read. */
function evaluationsIn(folder: string): string[] {
  return evalFolders(folder).filter(holdsRecord);
}
