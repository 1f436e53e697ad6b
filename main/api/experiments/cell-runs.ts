import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CupbearerError } from '../../../shared/errors.ts';
import type { ExperimentPlan, PlannedRun } from '../../experiments/plan.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { holdsRecord } from '../../storage/run-folder.ts';
import type { StoredExperiment } from './experiment-store.ts';

/** Which runs fill the cells of an experiment. */
export class CellRuns {
  readonly #catalogue: Catalogue;
  readonly #experiment: StoredExperiment;
  readonly #plan: ExperimentPlan;
  /** Ids by key. */
  readonly #ids: Map<string, string>;

  constructor(catalogue: Catalogue, experiment: StoredExperiment, plan: ExperimentPlan) {
    this.#catalogue = catalogue;
    this.#experiment = experiment;
    this.#plan = plan;
    this.#ids = catalogue.experiments.runsOf(experiment.file.id);
  }

  /** The id of the run that fills a cell, whatever has become of it. */
  idOf(key: string): string | undefined {
    return this.#ids.get(key);
  }

  link(key: string, id: string): void {
    this.#ids.set(key, id);
  }

  /** The run that fills a cell, as far as the catalogue knows it: pages ask again and again, and no disk is to be waited for. */
  runOf({ key, place }: PlannedRun): CatalogueRun | undefined {
    const id = this.#ids.get(key);
    const linked = id === undefined ? undefined : this.#catalogue.find(id);
    return linked ?? this.#catalogue.byFolder(join(this.#experiment.folder, place));
  }

  /** A run that has ended well and holds what a cell computes: its own, or one of another experiment. */
  doneRun(planned: PlannedRun): CatalogueRun | undefined {
    const own = this.runOf(planned) ?? this.runIn(join(this.#experiment.folder, planned.place));
    if (own && isThere(own)) return own;
    return this.#catalogue.experiments
      .doneRunsWith(planned.key)
      .map((id) => this.#catalogue.find(id))
      .find((run) => run && isThere(run));
  }

  /** The run in a folder; one that a lost catalogue does not have is taken up. */
  runIn(folder: string): CatalogueRun | undefined {
    const known = this.#catalogue.byFolder(folder);
    if (known || !holdsRecord(folder)) return known;
    this.#catalogue.rebuild([folder]);
    return this.#catalogue.byFolder(folder);
  }

  /** The folder of a run that another one builds on. @throws CupbearerError `conflict` where it is not done. */
  folderOf(key: string): string {
    const given = this.#plan.given.get(key);
    if (given !== undefined) return given;
    const planned = this.#plan.runs.get(key);
    const run = planned && this.doneRun(planned);
    if (run) return run.folder;
    throw new CupbearerError('conflict', `What it builds on is not done: ${planned?.label ?? key}.`);
  }
}

function isThere({ status, folder }: CatalogueRun): boolean {
  return status === 'done' && existsSync(folder);
}
