import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { RunRecord } from '../../shared/domain/run.ts';
import { CupbearerError } from '../../shared/errors.ts';
import type { Catalogue } from '../storage/catalogue.ts';
import type { CatalogueRun } from '../storage/catalogue-rows.ts';
import { isAtWork } from '../storage/process-records.ts';
import { RemovedFolders } from '../storage/removed-folders.ts';
import { holdsRun, readSpec } from '../storage/run-folder.ts';

/** A run that was removed with all that lies inside its folder. */
interface RemovedRun {
  records: CatalogueRun[];
  /** The folder that was put aside; undefined where there was none any more. */
  folder: string | undefined;
}

/** Removes runs at once and brings them back as long as the program runs. */
export class RunRemoval {
  readonly #catalogue: Catalogue;
  readonly #folders: RemovedFolders;
  readonly #removed = new Map<string, RemovedRun>();

  /** Deletes what an earlier program that was cut off had put aside. */
  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#folders = new RemovedFolders(catalogue.path);
    try {
      this.#folders.purge();
    } catch (error) {
      if (!(error instanceof CupbearerError)) throw error;
      // Folders that are left take room, and nothing else.
      catalogue.notices.push(`Folders of runs that were removed are still there. ${error.message}`);
    }
  }

  /**
   * Takes runs off the list and puts their folders aside, with the evaluations inside them. Gives the ids of all that went.
   * @throws CupbearerError `conflict` for a run that goes on or that one that goes on builds on; then nothing is removed;
   * `storage`.
   */
  remove(ids: readonly string[]): string[] {
    const records = ids.map((id) => this.#catalogue.get(id));
    const unfinished = this.#unfinished();
    for (const record of records) checkIdle(record, unfinished);
    const gone = new Set<string>();
    // The outermost folders first: an evaluation inside goes with the run that holds it.
    for (const record of [...records].sort((a, b) => a.folder.length - b.folder.length)) {
      if (gone.has(record.id)) continue;
      for (const id of this.#removeOne(record)) gone.add(id);
    }
    return [...gone];
  }

  /** Brings removed runs back; ids that were not removed are passed over. @throws CupbearerError `storage`. */
  restore(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const [id, removed] of [...this.#removed]) {
      if (!removed.records.some((record) => wanted.has(record.id))) continue;
      if (removed.folder !== undefined) this.#folders.bringBack(removed.folder);
      for (const record of removed.records) this.#restoreRow(record);
      this.#removed.delete(id);
    }
  }

  /** Deletes for good what was removed. */
  close(): void {
    this.#folders.purge();
  }

  #restoreRow({ damage, ...record }: CatalogueRun): void {
    // Of a row that was damaged the folder knows more than could be read.
    if (damage) this.#catalogue.rebuild([record.folder]);
    if (!damage || !this.#catalogue.byFolder(record.folder)) this.#catalogue.insert(record);
  }

  #unfinished(): RunRecord[] {
    return (['running', 'queued'] as const)
      .flatMap((status) => this.#catalogue.list({ status }))
      .filter(({ host_pid: pid, host_started: started }) => pid !== null && isAtWork(pid, started));
  }

  #removeOne(record: CatalogueRun): string[] {
    const { id, folder } = record;
    const isOwn = holdsThisRun(record);
    const inside = isOwn ? this.#catalogue.inside(join(folder, 'evals') + sep) : [];
    if (isOwn) this.#folders.putAside(folder, id);
    const records = [record, ...inside];
    for (const each of records) this.#catalogue.forget(each.id);
    this.#removed.set(id, { records, folder: isOwn ? folder : undefined });
    return records.map((each) => each.id);
  }
}

/** Whether the folder is still that of the run: whatever else has taken its place is left alone. */
function holdsThisRun({ folder, kind, created_at }: RunRecord): boolean {
  if (!existsSync(folder) || !holdsRun(folder)) return false;
  try {
    const spec = readSpec(folder);
    return spec.kind === kind && spec.created_at === created_at;
  } catch (error) {
    // A damaged spec.json is a run folder still.
    if (error instanceof CupbearerError) return true;
    throw error;
  }
}

function checkIdle({ id, folder }: RunRecord, unfinished: readonly RunRecord[]): void {
  const busy = unfinished.find(
    (other) => other.id === id || other.parents.includes(id) || other.folder.startsWith(join(folder, 'evals') + sep),
  );
  if (!busy) return;
  throw new CupbearerError(
    'conflict',
    busy.id === id ? `The run ${id} is going on.` : `The run ${busy.id} is going on and needs the run ${id}.`,
    { hint: 'Cancel it first, or wait until it has ended.' },
  );
}
