import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { trashDays, type Restored, type TrashItem } from '../../../shared/domain/trash.ts';
import { CupbearerError, toErrorRecord } from '../../../shared/errors.ts';
import { command, worded } from '../../../shared/wording.ts';
import type { Answer, Question } from '../../inspections/index.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { holdsExperiment } from '../../storage/experiment-folder.ts';
import { isAtWork } from '../../storage/process-records.ts';
import { holdsRun, readSpec } from '../../storage/run-folder.ts';
import { takeUpRemovedFolders } from '../../storage/removed-folders.ts';
import type { TrashEntry } from '../../storage/trash-index.ts';
import { putIntoTrash, takeOutOfTrash, type Discarded } from '../../storage/trash-moves.ts';
import { inSlices } from '../breath.ts';
import { RunSummaries } from '../runs/run-summaries.ts';
import { runTitle } from '../runs/run-title.ts';
import { checkExperimentUnlocked, checkIdle, checkUnlocked, usersNow } from './removal-checks.ts';

/** Asks a process that may walk folders and delete them, as the host may not. */
type AskAboutFolders = <N extends 'folder-sizes' | 'delete-folders'>(
  name: N,
  question: Question<N>,
) => Promise<Answer<N>>;

/** What was put into the trash. */
interface RemovedRuns {
  /** Ids of all runs that are not listed any more. */
  ids: string[];
  /** How many of the runs that stay build on them. */
  needed: number;
}

/** An experiment that was put into the trash. */
interface RemovedExperiment {
  name: string;
  /** Its id in the trash; null where its folder was gone, and it is but off the list. */
  trash: string | null;
  /** Runs that went with it, and those that stay, since other experiments use them. */
  runs: number;
  kept: number;
}

/** Folders that one question is about; between two of them the trash may be asked for something else. */
const mostTogether = 20;
/** How often is looked for what lies there too long. */
const lookMs = 6 * 3_600_000;
/** How long changes are collected before they are reported, and how often changes by other processes are looked for. */
const tellMs = 100;
const foreignMs = 2000;

/** Moves runs and experiments into the trash, restores them, and deletes for good what is not wanted any more. */
export class Trash {
  readonly #catalogue: Catalogue;
  readonly #ask: AskAboutFolders;
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;
  #isMeasureWanted = false;
  #deleting: Promise<void> | undefined;
  #isDeleteWanted = false;

  constructor(catalogue: Catalogue, ask: AskAboutFolders) {
    this.#catalogue = catalogue;
    this.#ask = ask;
  }

  /** Goes on with what an earlier program was deleting for good, and empties by itself what lies there too long, from now on. */
  start(): void {
    try {
      takeUpRemovedFolders(this.#catalogue);
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      // Folders that stay behind only take up space.
      this.#catalogue.notices.push(`Folders of runs that were removed are still there. ${error.message}`);
    }
    this.#tidy();
    this.#timer = setInterval(() => this.#tidy(), lookMs).unref();
  }

  list(): TrashItem[] {
    return this.#catalogue.trash.list();
  }

  /** All that is in the trash, and again after every change, until `signal` is given or the program ends. */
  async *watch(signal: AbortSignal): AsyncGenerator<{ items: TrashItem[] }, void> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    let told: string | undefined;
    while (!ended.aborted) {
      const now = this.#catalogue.trash.fingerprint();
      if (now !== told) {
        told = now;
        yield { items: this.list() };
      }
      await this.#something(ended);
    }
  }

  /**
   * Moves runs into the trash, with the evaluations in their folders. Those that another process has removed in the meantime are
   * passed over. What `mayBegin` throws keeps it from beginning.
   * @throws CupbearerError `not-found`, `storage`; `conflict` if a run is locked, running, or a running one builds on it, even
   * if that started in the meantime. Nothing is removed then.
   */
  async removeRuns(ids: readonly string[], mayBegin: () => void = () => undefined): Promise<RemovedRuns> {
    const records: CatalogueRun[] = [];
    await inSlices(ids, (slice) => records.push(...slice.map((id) => this.#catalogue.get(id))));
    checkUnlocked(this.#catalogue, records);
    let userOf = usersNow(this.#catalogue);
    checkIdle(records, userOf);
    mayBegin();
    let { revision } = this.#catalogue;
    // Outermost folders first: an evaluation goes with the run that contains it.
    records.sort((a, b) => a.folder.length - b.folder.length);
    const gone = new Set<string>();
    const moved: string[] = [];
    try {
      await inSlices(records, (slice) => {
        // Another process has changed something and may have started a run.
        if (this.#catalogue.revision !== revision) userOf = usersNow(this.#catalogue);
        checkIdle(slice, userOf);
        moved.push(...this.#removeSlice(slice, gone));
        ({ revision } = this.#catalogue);
      });
    } catch (error) {
      if (error instanceof CupbearerError && error.code === 'conflict') await this.restore(moved);
      throw error;
    } finally {
      this.#changed();
    }
    return { ids: [...gone], needed: await this.#childrenOf(gone) };
  }

  /**
   * Moves an experiment into the trash, its folder with all of its runs. Runs in it that cells of other experiments are filled by
   * stay where they are, and listed; so do runs elsewhere that fill its cells.
   * @throws CupbearerError `not-found`, `storage`; `conflict` if it, or a run in it, is locked or at work.
   */
  removeExperiment(reference: string): RemovedExperiment {
    const { experiments } = this.#catalogue;
    const listed = experiments.get(reference);
    const { id, name, folder, host_pid: pid, host_started: started } = listed;
    if (pid !== null && isAtWork(pid, started)) {
      throw new CupbearerError('conflict', `The experiment "${name}" goes on; stop it first.`);
    }
    checkExperimentUnlocked(listed);
    if (!holdsExperiment(folder)) {
      experiments.forget(id);
      this.#catalogue.tell();
      return { name, trash: null, runs: 0, kept: 0 };
    }
    const inside = this.#catalogue.inside(folder + sep);
    const stay = staying(inside, new Set(experiments.usersOf(idsOf(inside), { besides: id }).keys()));
    const isKept = (run: RunRecord) => stay.some((path) => run.folder === path || run.folder.startsWith(path + sep));
    const runs = inside.filter((run) => !isKept(run));
    checkUnlocked(this.#catalogue, runs);
    checkIdle(runs, usersNow(this.#catalogue));
    const kept = stay.map((path) => relative(folder, path));
    const entry = { what: 'experiment', name, folder, hasFolder: true, runs, kept, experiment: id } as const;
    try {
      const [trash] = putIntoTrash(this.#catalogue, [entry]);
      return { name, trash: trash!, runs: runs.length, kept: inside.length - runs.length };
    } finally {
      this.#catalogue.tell();
      this.#changed();
    }
  }

  /**
   * Restores what has these ids in the trash; those that are not there are passed over.
   * @throws CupbearerError as `takeOutOfTrash`; what comes after it stays.
   */
  async restore(ids: readonly string[]): Promise<Restored[]> {
    const restored: Restored[] = [];
    try {
      await inSlices(ids, (slice) => {
        for (const id of slice) {
          const entry = this.#catalogue.trash.find(id);
          if (entry) restored.push(takeOutOfTrash(this.#catalogue, entry));
        }
      });
    } finally {
      if (restored.length > 0) this.#changed();
    }
    return restored;
  }

  /** Restores what holds these runs; those that are not in the trash are passed over. @throws CupbearerError as {@link restore}. */
  async restoreRuns(runs: readonly string[]): Promise<void> {
    await this.restore(this.#entriesOf(runs).map(({ id }) => id));
  }

  /** What in the trash has these ids, or is or holds a run of one. @throws CupbearerError `not-found`. */
  named(ids: readonly string[]): TrashEntry[] {
    const { trash } = this.#catalogue;
    const found = ids.map((id) => {
      const entry = trash.find(id) ?? trash.holding(id);
      if (entry) return entry;
      throw new CupbearerError('not-found', `There is nothing "${id}" in the trash.`, {
        hint: worded`${command('npx cupbearer trash', 'The screen Trash')} lists what is there.`,
      });
    });
    return [...new Map(found.map((entry) => [entry.id, entry])).values()];
  }

  /** Begins to delete for good; {@link idle} resolves when it is done. Returns how many things that is. @throws CupbearerError `storage`. */
  delete(ids: readonly string[]): number {
    const { trash } = this.#catalogue;
    let count = 0;
    if (ids.length > 0) {
      this.#catalogue.together(() => {
        for (const id of ids) if (trash.begin(id, 'deleting')) count++;
      });
    }
    this.#changed();
    this.#purge();
    return count;
  }

  /** Begins to delete all of it for good. @throws CupbearerError `storage`. */
  empty(): number {
    return this.delete(this.list().map(({ id }) => id));
  }

  /** Begins to delete for good what lies there for too long. @throws CupbearerError `storage`. */
  emptyOld(now = Date.now()): number {
    const time = new Date(now - trashDays * 24 * 3_600_000).toISOString();
    return this.delete(this.#catalogue.trash.before(time).map(({ id }) => id));
  }

  /** Resolves when nothing is being deleted or counted. */
  async idle(): Promise<void> {
    while (this.#deleting || this.#measuring) await Promise.all([this.#deleting, this.#measuring]);
  }

  /** Begins to count the bytes of what is new. */
  measure(): void {
    this.#isMeasureWanted = true;
    this.#measuring ??= this.#measureAll()
      .catch((error: unknown) => this.#note('What is in the trash could not be counted', error))
      .finally(() => {
        this.#measuring = undefined;
        this.#tell();
        if (this.#isMeasureWanted && !this.#closed.signal.aborted) this.measure();
      });
  }

  /** Ends all streams; what is being deleted goes on at the next start. */
  close(): void {
    clearInterval(this.#timer);
    this.#closed.abort();
  }

  #removeSlice(slice: readonly CatalogueRun[], gone: Set<string>): string[] {
    const present = slice
      .flatMap(({ id }) => (gone.has(id) ? [] : [this.#catalogue.find(id)]))
      .filter((run) => run !== undefined);
    const titles = new RunSummaries(this.#catalogue).of(present).map((run) => `${runTitle(run)}, seed ${run.seed}`);
    const discarded = present.flatMap((record, i): Discarded[] => {
      if (gone.has(record.id)) return [];
      const hasFolder = holdsThisRun(record);
      const inside = hasFolder ? this.#catalogue.inside(join(record.folder, 'evals') + sep) : [];
      const runs = [record, ...inside];
      for (const { id } of runs) gone.add(id);
      return [{ what: 'run', name: titles[i]!, folder: record.folder, hasFolder, runs, kept: [] }];
    });
    checkUnlocked(
      this.#catalogue,
      discarded.flatMap(({ runs }) => runs),
    );
    return putIntoTrash(this.#catalogue, discarded);
  }

  async #childrenOf(gone: ReadonlySet<string>): Promise<number> {
    const children = new Set<string>();
    await inSlices([...gone], (slice) => {
      for (const id of slice)
        for (const child of this.#catalogue.childrenOf(id)) if (!gone.has(child)) children.add(child);
    });
    return children.size;
  }

  #entriesOf(runs: readonly string[]): TrashEntry[] {
    const entries = runs.map((id) => this.#catalogue.trash.holding(id)).filter((entry) => entry !== undefined);
    return [...new Map(entries.map((entry) => [entry.id, entry])).values()];
  }

  #tidy(): void {
    try {
      this.emptyOld();
      this.measure();
    } catch (error) {
      this.#note('The trash could not be tidied up', error);
    }
  }

  /** Deletes for good all that is marked so by a process that is gone, or by this one. */
  #purge(): void {
    this.#isDeleteWanted = true;
    this.#deleting ??= this.#deleteAll()
      .catch((error: unknown) => this.#note('What is in the trash could not be deleted for good', error))
      .finally(() => {
        this.#deleting = undefined;
        this.#tell();
        if (this.#isDeleteWanted && !this.#closed.signal.aborted) this.#purge();
      });
  }

  async #deleteAll(): Promise<void> {
    const { trash } = this.#catalogue;
    const failed = new Set<string>();
    this.#isDeleteWanted = false;
    const left = () => trash.at('deleting').filter(({ id }) => !failed.has(id));
    for (let batch = left().slice(0, mostTogether); batch.length > 0; batch = left().slice(0, mostTogether)) {
      const places = batch.flatMap(({ place }) => (place === null ? [] : [place]));
      const failures = new Map(
        (await this.#ask('delete-folders', { places })).map(({ place, reason }) => [place, reason]),
      );
      if (this.#closed.signal.aborted) return;
      this.#catalogue.together(() => {
        for (const entry of batch) {
          const reason = entry.place === null ? undefined : failures.get(entry.place);
          if (reason === undefined) trash.drop(entry, { isDeleted: true });
          else {
            failed.add(entry.id);
            trash.settle(entry.id);
            this.#catalogue.notices.push(`"${entry.name}" was not deleted for good. ${reason}`);
          }
        }
      });
      this.#catalogue.tell();
      this.#tell();
    }
  }

  async #measureAll(): Promise<void> {
    const { trash } = this.#catalogue;
    while (this.#isMeasureWanted && !this.#closed.signal.aborted) {
      this.#isMeasureWanted = false;
      const entries = trash.unmeasured();
      for (let start = 0; start < entries.length; start += mostTogether) {
        const batch = entries.slice(start, start + mostTogether);
        const sizes = await this.#ask('folder-sizes', { folders: batch.map(({ place }) => place ?? '') });
        if (this.#closed.signal.aborted) return;
        this.#catalogue.together(() => batch.forEach(({ id }, i) => trash.measured(id, sizes[i]!)));
        this.#tell();
      }
    }
  }

  #note(what: string, error: unknown): void {
    const { code, message } = toErrorRecord(error);
    // The process that was asked ended with the program.
    if (this.#closed.signal.aborted || code === 'cancelled') return;
    this.#catalogue.notices.push(`${what}. ${message}`);
    this.#catalogue.tell();
  }

  #changed(): void {
    this.#tell();
    this.measure();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves after a change, or when it is time to look whether another process has changed something. */
  async #something(ended: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        ended.removeEventListener('abort', done);
        setTimeout(resolve, ended.aborted ? 0 : tellMs);
      };
      const timer = setTimeout(done, foreignMs);
      this.#listeners.add(done);
      ended.addEventListener('abort', done, { once: true });
    });
  }
}

const idsOf = (runs: readonly RunRecord[]) => runs.map(({ id }) => id);

/**
 * Returns the folders of the runs in an experiment's folder that stay where they are: those that other experiments use, and what these
 * build on; in place of an evaluation, the run that holds it.
 */
function staying(inside: readonly RunRecord[], used: ReadonlySet<string>): string[] {
  const byId = new Map(inside.map((run) => [run.id, run]));
  const stay = new Set<RunRecord>();
  const waiting = [...used].flatMap((id) => byId.get(id) ?? []);
  for (let run = waiting.pop(); run; run = waiting.pop()) {
    if (stay.has(run)) continue;
    stay.add(run);
    waiting.push(...run.parents.flatMap((id) => byId.get(id) ?? []));
  }
  const folders = [...stay].map(({ folder }) => folder);
  const holderOf = (folder: string) =>
    inside.find((run) => folder.startsWith(join(run.folder, 'evals') + sep))?.folder ?? folder;
  return [...new Set(folders.map(holderOf))];
}

/** Whether the folder still belongs to the run. Anything else in its place is left alone. */
function holdsThisRun({ folder, kind, created_at }: RunRecord): boolean {
  if (!existsSync(folder) || !holdsRun(folder)) return false;
  try {
    const spec = readSpec(folder);
    return spec.kind === kind && spec.created_at === created_at;
  } catch (error) {
    // With a damaged spec.json it is a run folder still.
    if (error instanceof CupbearerError) return true;
    throw error;
  }
}
