import { resolve } from 'node:path';
import type { Statement } from 'better-sqlite3';
import { experimentFileSchema, type ExperimentFile, type ExperimentSpec } from '../../shared/domain/experiment.ts';
import type { RunKind, RunStatus } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';
import { command, worded } from '../../shared/wording.ts';

/** The runs that fill the cells of an experiment. */
export interface CellCounts {
  /** How many there are of each status. */
  runs: Map<RunStatus, number>;
  /** Classifiers that have failed. */
  lost: number;
}

/** An experiment as the catalogue has it. */
export interface ListedExperiment {
  id: string;
  folder: string;
  created_at: string;
  /** null where its row cannot be read; its folder may know more. */
  spec: ExperimentSpec | null;
  name: string;
  /** How many runs it has, classifiers among them. */
  runs: number;
  /** Whether it is refused to delete it. */
  locked: boolean;
  /** The process that works on it, with what tells it from a later process of the same number; null where none does. */
  host_pid: number | null;
  host_started: string | null;
}

/** What {@link ExperimentIndex} works with: the catalogue's own way of reading and writing. */
interface Access {
  prepared(sql: string): Statement;
  read<T>(operation: () => T): T;
  /** In a transaction. */
  write<T>(operation: () => T): T;
}

interface Row {
  id: string;
  name: string;
  folder: string;
  spec: string;
  runs: number;
  locked: number;
  created_at: string;
  host_pid: number | null;
  host_started: string | null;
}

/** Selects experiments; clauses may follow. */
export const selectExperiments =
  'SELECT id, name, folder, spec, runs, created_at, locked, host_pid, host_started FROM experiments';

/**
 * The experiments in the catalogue: an index of `experiment.json` and `cells.jsonl` in their folders, which hold the truth. Part of
 * {@link import('./catalogue.ts').Catalogue}; every method @throws CupbearerError as its methods do.
 */
export class ExperimentIndex {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** All, newest first. */
  list(): ListedExperiment[] {
    return this.#select('ORDER BY created_at DESC, rowid DESC');
  }

  /** The experiment with this id or name, upper and lower case letters a to z being the same; undefined where there is none. */
  find(idOrName: string): ListedExperiment | undefined {
    return this.#select('WHERE id = ? OR lower(name) = lower(?) ORDER BY id = ? DESC', idOrName, idOrName, idOrName)[0];
  }

  /** @throws CupbearerError `not-found` naming the nearest name. */
  get(idOrName: string): ListedExperiment {
    const found = this.find(idOrName);
    if (found) return found;
    const names = this.#access.read(
      () =>
        this.#access.prepared('SELECT name FROM experiments ORDER BY rowid DESC LIMIT 1000').pluck().all() as string[],
    );
    const guess = nearest(idOrName, names);
    throw new CupbearerError(
      'not-found',
      `There is no experiment "${idOrName}".${guess ? ` Did you mean "${guess}"?` : ''}`,
      {
        hint: worded`${command('`cupbearer experiment list` lists them all.', 'The screen Experiments lists them all.')}`,
      },
    );
  }

  /** The experiment in a folder. */
  byFolder(folder: string): ListedExperiment | undefined {
    return this.#select('WHERE folder = ?', resolve(folder))[0];
  }

  /** Adds an experiment, or changes one of the same id. @throws CupbearerError `conflict` where another has its name. */
  put({ id, created_at, spec, runs, locked = false }: ExperimentFile, folder: string): void {
    this.#access.write(() => {
      const other = this.find(spec.name);
      if (other && other.id !== id && other.name.toLowerCase() === spec.name.toLowerCase())
        throw new CupbearerError('conflict', `There is an experiment "${other.name}" already, in "${other.folder}".`);
      this.#access
        .prepared(
          `INSERT INTO experiments (id, name, folder, spec, runs, created_at, locked)
           VALUES (@id, @name, @folder, @spec, @runs, @created_at, @locked)
           ON CONFLICT (id) DO UPDATE SET name = @name, folder = @folder, spec = @spec, runs = @runs, locked = @locked`,
        )
        .run({
          id,
          name: spec.name,
          folder: resolve(folder),
          spec: JSON.stringify(spec),
          runs,
          created_at,
          locked: Number(locked),
        });
    });
  }

  /** Takes an experiment off the list, not its runs nor its folder. */
  forget(id: string): void {
    this.#access.write(() => this.#access.prepared('DELETE FROM experiments WHERE id = ?').run(id));
  }

  /** Forgets which runs filled cells that an experiment does not have any more; `keys` are those that it has. */
  keepCells(id: string, keys: readonly string[]): void {
    this.#access.write(() =>
      this.#access
        .prepared('DELETE FROM experiment_runs WHERE experiment_id = ? AND key NOT IN (SELECT value FROM json_each(?))')
        .run(id, JSON.stringify(keys)),
    );
  }

  /** The cells that a run fills. */
  cellsOf(run: string): { experiment: string; key: string }[] {
    return this.#access.read(
      () =>
        this.#access
          .prepared('SELECT experiment_id AS experiment, key FROM experiment_runs WHERE run_id = ?')
          .all(run) as { experiment: string; key: string }[],
    );
  }

  /** How many runs of each status fill the cells of each experiment, by id. */
  counts(): Map<string, CellCounts> {
    const rows = this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT experiment_id, status, kind, count(DISTINCT run_id) AS count
             FROM experiment_runs JOIN runs ON runs.id = run_id GROUP BY experiment_id, status, kind`,
          )
          .all() as { experiment_id: string; status: RunStatus; kind: RunKind; count: number }[],
    );
    const counts = new Map<string, CellCounts>();
    for (const { experiment_id: id, status, kind, count } of rows) {
      const own = counts.get(id) ?? { runs: new Map<RunStatus, number>(), lost: 0 };
      own.runs.set(status, (own.runs.get(status) ?? 0) + count);
      if (kind === 'classifier' && status === 'failed') own.lost += count;
      counts.set(id, own);
    }
    return counts;
  }

  /** Notes that a run fills a cell. */
  link(id: string, key: string, run: string): void {
    this.#access.write(() =>
      this.#access
        .prepared(
          `INSERT INTO experiment_runs (experiment_id, key, run_id) VALUES (@id, @key, @run)
           ON CONFLICT (experiment_id, key) DO UPDATE SET run_id = @run`,
        )
        .run({ id, key, run }),
    );
  }

  /** The ids of the runs that fill an experiment's cells, by key. */
  runsOf(id: string): Map<string, string> {
    const rows = this.#access.read(
      () =>
        this.#access.prepared('SELECT key, run_id FROM experiment_runs WHERE experiment_id = ?').all(id) as {
          key: string;
          run_id: string;
        }[],
    );
    return new Map(rows.map(({ key, run_id }) => [key, run_id]));
  }

  /** The ids of the experiments whose cells each of these runs fills, by run; those that fill none are left out. */
  experimentsOf(runs: readonly string[]): Map<string, string[]> {
    const rows = this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT DISTINCT run_id, experiment_id FROM experiment_runs WHERE run_id IN (SELECT value FROM json_each(?))
             ORDER BY experiment_id`,
          )
          .all(JSON.stringify(runs)) as { run_id: string; experiment_id: string }[],
    );
    const found = new Map<string, string[]>();
    for (const { run_id: run, experiment_id: id } of rows) found.set(run, [...(found.get(run) ?? []), id]);
    return found;
  }

  /** Ids of runs that compute the same as a cell with this key, of whichever experiment, those that ended well, newest first. */
  doneRunsWith(key: string): string[] {
    return this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT DISTINCT runs.id FROM experiment_runs JOIN runs ON runs.id = run_id
             WHERE key = ? AND runs.status = 'done' ORDER BY runs.id DESC`,
          )
          .pluck()
          .all(key) as string[],
    );
  }

  /** The names of the experiments, apart from that of the id `besides`, whose cells each of these runs fills, by the run's id; those of none are left out. */
  usersOf(runs: readonly string[], { besides = '', locked = false } = {}): Map<string, string[]> {
    const rows = this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT DISTINCT run_id, name FROM experiment_runs JOIN experiments ON experiments.id = experiment_id
             WHERE experiment_id IS NOT @besides AND locked >= @locked
               AND run_id IN (SELECT value FROM json_each(@runs)) ORDER BY name`,
          )
          .all({ runs: JSON.stringify(runs), besides, locked: Number(locked) }) as { run_id: string; name: string }[],
    );
    const users = new Map<string, string[]>();
    for (const { run_id: run, name } of rows) users.set(run, [...(users.get(run) ?? []), name]);
    return users;
  }

  /** Of these keys those that a run has filled which ended well, each with its newest run, and the experiment that it is of. */
  doneAmong(keys: readonly string[]): Map<string, { run: string; experiment: string; name: string }> {
    const rows = this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT key, max(runs.id) AS run, experiments.id AS experiment, experiments.name AS name FROM experiment_runs
             JOIN runs ON runs.id = run_id JOIN experiments ON experiments.id = experiment_id
             WHERE key IN (SELECT value FROM json_each(?)) AND runs.status = 'done' GROUP BY key`,
          )
          .all(JSON.stringify(keys)) as { key: string; run: string; experiment: string; name: string }[],
    );
    return new Map(rows.map(({ key, ...found }) => [key, found]));
  }

  /** Milliseconds that the latest runs took which ended well: fittings by detector, the others by their kind. */
  tookByMethod(): Map<string, number[]> {
    const rows = this.#access.read(
      () =>
        this.#access
          .prepared(
            `SELECT method, ms FROM (
               SELECT iif(kind <> 'detector', kind, iif(json_valid(spec), spec ->> '$.detector.name', NULL)) AS method,
                 iif(json_valid(timings), timings ->> '$.total', NULL) AS ms
               FROM (SELECT * FROM runs WHERE status = 'done'
                 ORDER BY rowid DESC LIMIT ${mostTimed}))
             WHERE typeof(method) = 'text' AND typeof(ms) IN ('integer', 'real')`,
          )
          .all() as { method: string; ms: number }[],
    );
    const took = new Map<string, number[]>();
    for (const { method, ms } of rows) took.set(method, [...(took.get(method) ?? []), ms]);
    return took;
  }

  /**
   * Notes that a process works on an experiment. `isAtWork` is asked of the one that is noted already.
   * @throws CupbearerError `conflict` where that one does.
   */
  claim(
    id: string,
    { pid, started }: { pid: number; started: string | null },
    isAtWork: (pid: number, started: string | null) => boolean,
  ): void {
    this.#access.write(() => {
      const { name, host_pid: holder, host_started: since } = this.get(id);
      if (holder !== null && isAtWork(holder, since)) {
        throw new CupbearerError('conflict', `Process ${holder} is at work on the experiment "${name}".`, {
          hint: 'Wait until it ends, or stop it first.',
        });
      }
      this.#access.prepared('UPDATE experiments SET host_pid = ?, host_started = ? WHERE id = ?').run(pid, started, id);
    });
  }

  /** Notes that no process works on an experiment any more. */
  release(id: string): void {
    this.#access.write(() =>
      this.#access.prepared('UPDATE experiments SET host_pid = NULL, host_started = NULL WHERE id = ?').run(id),
    );
  }

  #select(clauses: string, ...values: string[]): ListedExperiment[] {
    const rows = this.#access.read(
      () => this.#access.prepared(`${selectExperiments} ${clauses}`).all(...values) as Row[],
    );
    return rows.map(({ spec, locked, ...row }) => ({ ...row, locked: locked === 1, spec: specIn(spec) }));
  }
}

/** Runs whose times say how long another one takes: older ones were of other data, and perhaps of another program. */
const mostTimed = 2000;

/** What the row of an experiment holds. Another version may have written it. */
function specIn(text: string): ExperimentSpec | null {
  try {
    const parsed = experimentFileSchema.shape.spec.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
