import { sep } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { runRecordSchema, type RunRecord } from '../../shared/domain/run.ts';
import { trashItemSchema, type TrashItem } from '../../shared/domain/trash.ts';
import { isThere } from './within-folder.ts';
import type { CatalogueRun } from './catalogue-rows.ts';
import { processIdentity } from './process-identity.ts';
import { addToTrashList, clearTrashList, readTrashList, removeFromTrashList, type TrashNote } from './trash-list.ts';

/** What is being done to something in the trash; `there` if nothing is. */
type TrashStep = 'moving' | 'there' | 'restoring' | 'deleting';

/** Something in the trash, as the catalogue has it. */
export interface TrashEntry extends Omit<TrashItem, 'runs'> {
  /** Where its folder lies; null if it had none. */
  place: string | null;
  /** Paths of the runs that stayed where they were, relative to its folder. */
  kept: string[];
  step: TrashStep;
  /** Where it is being restored to. */
  target: string | null;
  host_pid: number | null;
  host_started: string | null;
}

/** Something that goes into the trash. */
export interface NewTrashEntry extends Pick<
  TrashEntry,
  'id' | 'what' | 'name' | 'folder' | 'place' | 'kept' | 'trashed_at'
> {
  /** Its runs; the rows of damaged ones are read from their folders again when they are restored. */
  runs: readonly CatalogueRun[];
}

/** What {@link TrashIndex} works with: the catalogue's own way of reading and writing. */
interface Access {
  readonly path: string;
  prepared(sql: string): Statement;
  read<T>(operation: () => T): T;
  /** In a transaction. */
  write<T>(operation: () => T): T;
}

const entrySchema = z.object({
  ...trashItemSchema.omit({ runs: true }).shape,
  place: z.string().nullable(),
  kept: z.array(z.string()),
  step: z.enum(['moving', 'there', 'restoring', 'deleting']),
  target: z.string().nullable(),
  host_pid: z.int().nullable(),
  host_started: z.string().nullable(),
});

const selectEntries = `SELECT id, what, name, folder, place, kept, trashed_at, bytes, step, target, host_pid, host_started
  FROM trash`;

/**
 * What is in the trash: an index of `trash.jsonl` and of the folders that lie in it. Part of
 * {@link import('./catalogue.ts').Catalogue}; every method @throws CupbearerError as its methods do.
 */
export class TrashIndex {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** All that can be restored, deleted last first. */
  list(): TrashItem[] {
    return this.#access.read(() => {
      const runs = new Map<string, string[]>();
      const rows = this.#access.prepared('SELECT trash_id, run_id FROM trashed_runs ORDER BY rowid').all();
      for (const { trash_id: id, run_id: run } of rows as { trash_id: string; run_id: string }[]) {
        const own = runs.get(id);
        if (own) own.push(run);
        else runs.set(id, [run]);
      }
      return this.#select("WHERE step IN ('moving', 'there') ORDER BY trashed_at DESC, rowid DESC").map(
        ({ id, what, name, folder, trashed_at, bytes }) => ({
          ...{ id, what, name, folder, trashed_at, bytes },
          runs: runs.get(id) ?? [],
        }),
      );
    });
  }

  /** A text that is another one after every change, whichever process makes it. */
  fingerprint(): string {
    return this.#access.read(() =>
      String(
        this.#access
          .prepared(
            `SELECT concat_ws(' ', count(*), max(rowid), total(bytes), count(bytes), total(step = 'deleting')) FROM trash`,
          )
          .pluck()
          .get(),
      ),
    );
  }

  /** What is at a step. */
  at(step: TrashStep): TrashEntry[] {
    return this.#select('WHERE step = ? ORDER BY rowid', step);
  }

  /** What was put there before a time and is whole. */
  before(time: string): TrashEntry[] {
    return this.#select("WHERE step = 'there' AND trashed_at < ? ORDER BY rowid", time);
  }

  /** What has a folder whose bytes are not counted yet. */
  unmeasured(): TrashEntry[] {
    return this.#select("WHERE step = 'there' AND bytes IS NULL ORDER BY rowid");
  }

  /** What has this id and can be restored. */
  find(id: string): TrashEntry | undefined {
    return this.#select("WHERE step = 'there' AND id = ?", id)[0];
  }

  /** What holds a run and can be restored, deleted last first. */
  holding(run: string): TrashEntry | undefined {
    return this.#select(
      "WHERE step = 'there' AND id IN (SELECT trash_id FROM trashed_runs WHERE run_id = ?) ORDER BY rowid DESC LIMIT 1",
      run,
    )[0];
  }

  /** What lies in the trash and was at one of these paths: of several, what was deleted last. */
  from(folders: readonly string[]): TrashEntry | undefined {
    return this.#select(
      "WHERE step = 'there' AND folder IN (SELECT value FROM json_each(?)) ORDER BY rowid DESC LIMIT 1",
      JSON.stringify(folders),
    )[0];
  }

  /** The runs of an entry; null in place of the record of one that has to be read from its folder. */
  runsOf(id: string): { id: string; record: RunRecord | null }[] {
    const rows = this.#access.read(() =>
      this.#access.prepared('SELECT run_id, record FROM trashed_runs WHERE trash_id = ? ORDER BY rowid').all(id),
    ) as { run_id: string; record: string | null }[];
    return rows.map(({ run_id: run, record }) => ({ id: run, record: recordIn(record) }));
  }

  /** Notes what is about to be moved into the trash; what lies in its folder and is in the trash moves with it. */
  put({ runs, ...entry }: NewTrashEntry): void {
    const { pid, started } = processIdentity();
    const ids = runs.map(({ id }) => id);
    this.#access.write(() => {
      if (entry.place !== null) addToTrashList(this.#access.path, { ...entry, place: entry.place, runs: ids });
      this.#insert({ ...entry, step: 'moving', host_pid: pid, host_started: started });
      for (const { damage, ...record } of runs) this.#insertRun(entry.id, record.id, damage ? null : record);
      if (entry.place === null) return;
      this.rebase(entry.folder, entry.place);
      for (const kept of entry.kept) this.rebase(entry.place + sep + kept, entry.folder + sep + kept);
    });
  }

  /** Takes up what is in the trash according to its list and is not known here. Returns how much that was. */
  takeUpList(): number {
    return this.#access.write(() => {
      const isKnown = this.#access.prepared('SELECT 1 FROM trash WHERE id = ?');
      const lost = readTrashList(this.#access.path).filter(({ id, place }) => !isKnown.get(id) && isThere(place));
      for (const note of lost) this.#takeUp(note);
      return lost.length;
    });
  }

  /** Takes up a folder that lies hidden already. */
  takeUp(note: TrashNote): void {
    this.#access.write(() => {
      addToTrashList(this.#access.path, note);
      this.#takeUp(note);
    });
  }

  /** Notes that a step begins, here. Returns false, and notes nothing, if another one goes on. */
  begin(id: string, step: TrashStep, target: string | null = null): boolean {
    const { pid, started } = processIdentity();
    const { changes } = this.#access.write(() =>
      this.#access
        .prepared(
          `UPDATE trash SET step = ?, target = ?, host_pid = ?, host_started = ? WHERE id = ? AND step = 'there'`,
        )
        .run(step, target, pid, started, id),
    );
    return changes === 1;
  }

  /** Notes that nothing is being done to it any more. */
  settle(id: string): void {
    this.#access.write(() =>
      this.#access
        .prepared("UPDATE trash SET step = 'there', target = NULL, host_pid = NULL, host_started = NULL WHERE id = ?")
        .run(id),
    );
  }

  measured(id: string, bytes: number): void {
    this.#access.write(() => this.#access.prepared('UPDATE trash SET bytes = ? WHERE id = ?').run(bytes, id));
  }

  /** Forgets what was restored or deleted for good; in the latter case with what lay in its folder. */
  drop({ id, place }: Pick<TrashEntry, 'id' | 'place'>, { isDeleted = false } = {}): void {
    this.#access.write(() => {
      const gone = [id];
      if (isDeleted && place !== null) {
        const inside = this.#access.prepared(`SELECT id FROM trash WHERE ${isInside}`).pluck();
        gone.push(...(inside.all({ path: place + sep }) as string[]));
      }
      for (const each of gone) {
        this.#access.prepared('DELETE FROM trash WHERE id = ?').run(each);
        removeFromTrashList(this.#access.path, each);
      }
      if (this.#access.prepared('SELECT 1 FROM trash LIMIT 1').get() === undefined) clearTrashList(this.#access.path);
    });
  }

  /** Notes that a folder moves, with what lies hidden in it. */
  rebase(from: string, to: string): void {
    this.#access.write(() => {
      const moved = this.#select(`WHERE ${isInside}`, { path: from + sep });
      for (const { id, place, ...entry } of moved) {
        const now = to + place!.slice(from.length);
        this.#access.prepared('UPDATE trash SET place = ? WHERE id = ?').run(now, id);
        const runs = this.runsOf(id).map(({ id: run }) => run);
        const { what, name, folder, kept, trashed_at } = entry;
        addToTrashList(this.#access.path, { id, what, name, folder, kept, trashed_at, place: now, runs });
      }
    });
  }

  #takeUp({ runs, ...note }: TrashNote): void {
    this.#insert({ ...note, step: 'there', host_pid: null, host_started: null });
    for (const run of runs) this.#insertRun(note.id, run, null);
  }

  #insert(entry: Omit<TrashEntry, 'bytes' | 'target'>): void {
    const { id, what, name, folder, place, kept, trashed_at, step, host_pid, host_started } = entry;
    this.#access
      .prepared(
        `INSERT INTO trash (id, what, name, folder, place, kept, trashed_at, bytes, step, host_pid, host_started)
         VALUES (@id, @what, @name, @folder, @place, @kept, @trashed_at, iif(@place IS NULL, 0, NULL), @step, @host_pid, @host_started)`,
      )
      .run({ id, what, name, folder, place, kept: JSON.stringify(kept), trashed_at, step, host_pid, host_started });
  }

  #insertRun(entry: string, run: string, record: RunRecord | null): void {
    this.#access
      .prepared('INSERT OR IGNORE INTO trashed_runs (trash_id, run_id, record) VALUES (?, ?, ?)')
      .run(entry, run, record && JSON.stringify(record));
  }

  /** Rows that cannot be read are passed over: the list beside the catalogue has them, too. */
  #select(clauses: string, ...values: unknown[]): TrashEntry[] {
    const rows = this.#access.read(
      () => this.#access.prepared(`${selectEntries} ${clauses}`).all(...values) as (object & { kept: string })[],
    );
    return rows.flatMap((row) => {
      const parsed = entrySchema.safeParse({ ...row, kept: parsedJson(row.kept) });
      return parsed.success ? [parsed.data] : [];
    });
  }
}

/** Whether the place of a row begins with `@path`. */
const isInside = 'substr(place, 1, length(@path)) = @path';

function recordIn(text: string | null): RunRecord | null {
  return (text !== null && runRecordSchema.safeParse(parsedJson(text)).data) || null;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
