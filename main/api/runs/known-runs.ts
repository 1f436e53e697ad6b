import { realpathSync } from 'node:fs';
import type { RunRecord } from '../../../shared/domain/run.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { parentsOfRun, parseSpec } from '../../runs/index.ts';
import type { ParsedSpec } from '../../runs/parsed-spec.ts';
import type { Catalogue, RebuildResult } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { holdsRecord, readRecord, readSpec, requireRun } from '../../storage/run-folder.ts';
import { newRecord } from './new-run.ts';
import { readRun } from './read-run.ts';
import { plannedTitle } from './run-title.ts';

/** Finds runs: those in the catalogue, and those in folders that it does not know yet. */
export class KnownRuns {
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /**
   * Returns the record of the run in `folder`, which is added to the catalogue if it is not known. A copy of a run
   * whose own folder still exists has that run's record and no row of its own.
   */
  recordOf(folder: string): CatalogueRun {
    const known = this.#catalogue.byFolder(folder);
    if (known) return known;
    const path = requireRun(folder);
    const cutOff = this.#cutOffIn(path);
    if (cutOff) this.#catalogue.insert(cutOff);
    const { skipped } = this.#catalogue.rebuild([path]);
    const unreadable = skipped.find((other) => other.folder === path && other.listedId === undefined);
    if (unreadable) throw new CupbearerError('bad-data', unreadable.reason);
    return this.#catalogue.byFolder(path) ?? { ...this.#catalogue.get(readRecord(path).id), folder: path };
  }

  /** Returns the title of a new run, which names the trigger of its classifier if the catalogue has that. */
  titleOf(spec: ParsedSpec): string {
    const parents = parentsOfRun(spec).map((folder) => {
      const known = this.#catalogue.byFolder(folder);
      return known && readRun(known).spec;
    });
    // An evaluation names its detector first.
    return spec.kind === 'evaluation' ? plannedTitle(spec, parents[1], parents[0]) : plannedTitle(spec, parents[0]);
  }

  /**
   * Adds the runs in these folders that the catalogue does not know, with the evaluations inside them. Skips what
   * cannot be read, and says why. @throws CupbearerError `storage`.
   */
  takeUp(folders: readonly string[]): RebuildResult {
    const cutOff: RebuildResult = { added: [], skipped: [] };
    for (const folder of folders) {
      let record: RunRecord | undefined;
      try {
        record = this.#cutOffIn(folder);
      } catch (error) {
        if (!(error instanceof CupbearerError)) throw error;
        cutOff.skipped.push({ folder, reason: error.message });
      }
      if (record === undefined) continue;
      this.#catalogue.insert(record);
      cutOff.added.push(folder);
    }
    const skipped = new Set(cutOff.skipped.map(({ folder }) => folder));
    const rest = this.#catalogue.rebuild(folders.filter((folder) => !skipped.has(folder)));
    return { added: [...cutOff.added, ...rest.added], skipped: [...cutOff.skipped, ...rest.skipped] };
  }

  /**
   * Returns the record of a run whose process was killed before the run got into the catalogue; undefined for any other
   * folder.
   * @throws CupbearerError `bad-data`, `usage` if it has no spec of this program, `storage` if it cannot be read.
   */
  #cutOffIn(folder: string): RunRecord | undefined {
    if (holdsRecord(folder) || this.#catalogue.byFolder(folder) !== undefined) return undefined;
    const file = readSpec(folder);
    const title = this.titleOf(parseSpec(file.kind, file.spec));
    const error = { code: 'crashed' as const, message: 'The process that did this run ended before it had begun.' };
    return { ...newRecord(folder, file, title), status: 'interrupted', error };
  }

  /**
   * Refuses a copy: what is done there must not be recorded as done in the run's own folder. @throws CupbearerError
   * `conflict`.
   */
  checkNoCopy({ id, folder }: RunRecord): void {
    const original = this.#catalogue.get(id).folder;
    if (original === folder || realpathSync(original) === realpathSync(folder)) return;
    throw new CupbearerError('conflict', `"${folder}" is a copy of the run ${id} in "${original}".`, {
      hint: 'Use that folder, or remove it first if this one is to take its place.',
    });
  }
}
