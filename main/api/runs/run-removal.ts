import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { isAtWork } from '../../storage/process-records.ts';
import { RemovedFolders } from '../../storage/removed-folders.ts';
import { holdsRun, readSpec } from '../../storage/run-folder.ts';
import { inSlices } from '../breath.ts';

/** A run that was removed with everything in its folder. */
interface RemovedRun {
  record: CatalogueRun;
  /** The evaluations in its folder. */
  inside: CatalogueRun[];
  /** Whether its folder was put aside; it may have been gone already. */
  isAside: boolean;
}

/** The part of an evaluation's path between the folder of its run and its own name. */
const evaluationPart = `${sep}evals${sep}`;

/** Removes runs at once, and can restore them as long as the program runs. */
export class RunRemoval {
  readonly #catalogue: Catalogue;
  readonly #folders: RemovedFolders;
  readonly #removed = new Map<string, RemovedRun>();

  /** Deletes what an earlier program, killed since, had put aside. */
  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#folders = new RemovedFolders(catalogue.path);
    try {
      this.#folders.purge();
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      // Folders that stay behind only take up space.
      catalogue.notices.push(`Folders of runs that were removed are still there. ${error.message}`);
    }
  }

  /**
   * Removes runs from the catalogue and puts their folders aside, with the evaluations inside them. Resolves with the
   * ids of all that were removed, without those that another process has removed in the meantime.
   * @throws CupbearerError `not-found`, `storage`; `conflict` if a run is running or a running one builds on it, even
   * if that started in the meantime. Nothing is removed then.
   */
  async remove(ids: readonly string[]): Promise<string[]> {
    const records: CatalogueRun[] = [];
    const present: CatalogueRun[] = [];
    await inSlices(ids, (slice) => {
      for (const id of slice) {
        const record = this.#catalogue.get(id);
        records.push(record);
        if (existsSync(record.folder)) present.push(record);
      }
    });
    let userOf = usersAmong(this.#unfinished());
    checkIdle(records, userOf);
    let { revision } = this.#catalogue;
    // Outermost folders first: an evaluation goes with the run that contains it.
    records.sort((a, b) => a.folder.length - b.folder.length);
    const gone = new Set<string>();
    this.#folders.announce(present);
    try {
      await inSlices(records, (slice) => {
        // Another process has changed something and may have started a run.
        if (this.#catalogue.revision !== revision) userOf = usersAmong(this.#unfinished());
        checkIdle(slice, userOf);
        this.#removeSlice(slice, gone);
        ({ revision } = this.#catalogue);
      });
    } catch (error) {
      if (error instanceof CupbearerError && error.code === 'conflict') await this.restore([...gone]);
      throw error;
    } finally {
      this.#folders.settle();
    }
    return [...gone];
  }

  /** Restores removed runs; skips ids that were not removed. @throws CupbearerError `storage`. */
  async restore(ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const found = [...this.#removed.values()].filter(({ record, inside }) =>
      [record, ...inside].some(({ id }) => wanted.has(id)),
    );
    if (found.length === 0) return;
    try {
      await inSlices(found, (slice) => this.#restoreSlice(slice));
    } finally {
      this.#folders.settle();
    }
  }

  /** Deletes permanently what was removed. */
  close(): void {
    this.#folders.purge();
  }

  #removeSlice(slice: readonly CatalogueRun[], gone: Set<string>): void {
    const removed: RemovedRun[] = [];
    try {
      for (const { id } of slice) {
        const record = gone.has(id) ? undefined : this.#catalogue.find(id);
        if (!record) continue;
        const isAside = holdsThisRun(record);
        const inside = isAside ? this.#catalogue.inside(join(record.folder, 'evals') + sep) : [];
        if (isAside) this.#folders.putAside(record);
        removed.push({ record, inside, isAside });
        for (const each of [record, ...inside]) gone.add(each.id);
      }
    } finally {
      this.#forget(removed);
    }
  }

  #forget(removed: readonly RemovedRun[]): void {
    try {
      this.#catalogue.together(() => {
        for (const { record, inside } of removed)
          for (const { id } of [record, ...inside]) if (this.#catalogue.find(id)) this.#catalogue.forget(id);
      });
    } catch (error) {
      // Runs that are still listed need their folders.
      for (const { record, isAside } of removed) if (isAside) this.#folders.bringBack(record);
      throw error;
    }
    for (const run of removed) this.#removed.set(run.record.id, run);
  }

  #restoreSlice(slice: readonly RemovedRun[]): void {
    const back: RemovedRun[] = [];
    try {
      for (const run of slice) {
        // Another process has restored it.
        if (this.#removed.get(run.record.id) !== run) continue;
        if (run.isAside) this.#folders.bringBack(run.record);
        back.push(run);
      }
    } finally {
      this.#catalogue.together(() => {
        for (const { record, inside } of back) for (const each of [record, ...inside]) this.#restoreRow(each);
      });
      for (const { record } of back) this.#removed.delete(record.id);
    }
  }

  #restoreRow({ damage, ...record }: CatalogueRun): void {
    // If the row was damaged, the folder knows more than could be read.
    if (damage) this.#catalogue.rebuild([record.folder]);
    // A run that was found again in the meantime is as its folder says.
    const isKnown = damage ? this.#catalogue.byFolder(record.folder) : this.#catalogue.find(record.id);
    if (!isKnown) this.#catalogue.insert(record);
  }

  #unfinished(): RunRecord[] {
    const atWork = new Map<string, boolean>();
    return (['running', 'queued'] as const)
      .flatMap((status) => this.#catalogue.list({ status }))
      .filter(({ host_pid: pid, host_started: started }) => {
        if (pid === null) return false;
        const key = `${pid} ${started}`;
        const isKnown = atWork.get(key) ?? isAtWork(pid, started);
        atWork.set(key, isKnown);
        return isKnown;
      });
  }
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

/** Returns a running run that uses a run: the run itself, one that builds on it, or one of its evaluations. */
type UserOf = (run: RunRecord) => RunRecord | undefined;

function usersAmong(unfinished: readonly RunRecord[]): UserOf {
  // By ids and folders of what is used; no id is a folder's path.
  const first = new Map<string, number>();
  for (const [rank, { id, parents, folder }] of unfinished.entries()) {
    for (const key of [id, ...parents, ...holdersOf(folder)]) if (!first.has(key)) first.set(key, rank);
  }
  return ({ id, folder }) => unfinished[Math.min(first.get(id) ?? Infinity, first.get(folder) ?? Infinity)];
}

/** Returns the folders of runs that have a folder among their evaluations. */
function holdersOf(folder: string): string[] {
  const holders: string[] = [];
  for (let at = folder.indexOf(evaluationPart); at !== -1; at = folder.indexOf(evaluationPart, at + 1))
    holders.push(folder.slice(0, at));
  return holders;
}

/** @throws CupbearerError `conflict` if one of the runs is used. */
function checkIdle(records: readonly RunRecord[], userOf: UserOf): void {
  for (const record of records) {
    const busy = userOf(record);
    if (!busy) continue;
    throw new CupbearerError(
      'conflict',
      busy.id === record.id
        ? `The run ${record.id} is running.`
        : `The run ${busy.id} is running and needs the run ${record.id}.`,
      { hint: 'Cancel it first, or wait until it has finished.' },
    );
  }
}
