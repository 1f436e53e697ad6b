import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { experimentFormat, type ExperimentFile, type ExperimentSpec } from '../../../shared/domain/experiment.ts';
import type { ExperimentChanges } from '../../../shared/domain/experiment-view.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { slug } from '../../../shared/slug.ts';
import type { ExperimentPlan, PlanSource } from '../../experiments/plan.ts';
import { createNewFolder, createFolder } from '../../storage/create-folder.ts';
import {
  experimentVersion,
  holdsExperiment,
  readExperiment,
  readLinks,
  writeExperiment,
  writeLinks,
} from '../../storage/experiment-folder.ts';
import type { ListedExperiment } from '../../storage/experiment-index.ts';
import { freePath } from '../../storage/free-folder.ts';
import { isThere, within } from '../../storage/within-folder.ts';
import { writeFileAtomically } from '../../storage/atomic-write.ts';
import { newRunId } from '../../storage/run-id.ts';
import { versions } from '../versions.ts';
import type { Workbench } from '../workbench.ts';

/** More cells than these are planned only for somebody who asks for them. */
export const usualMostCells = 10_000;
/** More than these nobody gets: their plan would not fit into memory. */
export const mostCellsEver = 100_000;

/** An experiment with its folder. */
export interface StoredExperiment {
  folder: string;
  file: ExperimentFile;
}

/** Where a new experiment goes, and from where its paths count. */
interface NewExperimentOptions {
  /** Its folder, new or empty. */
  folder?: string | undefined;
  /** Where a folder is made by its name, where none is given. */
  base: string;
  workingDir: string;
  dataDir: string;
}

/** Makes, changes and finds experiments. */
export class ExperimentStore {
  readonly #workbench: Workbench;
  /** By folder, with the version of the file. */
  readonly #read = new Map<string, { version: string | null; experiment: StoredExperiment }>();

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /** The listed experiment of this id or name. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
  listed(idOrName: string): StoredExperiment {
    return this.read(this.#workbench.catalogue.experiments.get(idOrName));
  }

  /** The experiment of this id, name or folder. @throws CupbearerError `not-found`, `bad-data`, `storage`. */
  get(reference: string): StoredExperiment {
    const { experiments } = this.#workbench.catalogue;
    const listed = experiments.find(reference);
    if (listed) return this.read(listed);
    const folder = resolve(reference);
    if (!holdsExperiment(folder)) return this.read(experiments.get(reference));
    this.#workbench.catalogue.takeUpExperiment(folder);
    return { folder, file: readExperiment(folder) };
  }

  /**
   * Pages ask for the same experiment again and again: its file is read again only after it was written.
   * @throws CupbearerError `not-found` where the folder has gone, `bad-data`, `storage`.
   */
  read({ folder }: Pick<ListedExperiment, 'folder'>): StoredExperiment {
    const version = experimentVersion(folder);
    const known = this.#read.get(folder);
    if (known && version !== null && known.version === version) return known.experiment;
    const experiment = { folder, file: readExperiment(folder) };
    this.#read.set(folder, { version, experiment });
    return experiment;
  }

  /**
   * Changes what people say of an experiment, in its file and in the catalogue.
   * @throws CupbearerError `conflict` where another has its name, `not-found`, `bad-data`, `storage`.
   */
  change({ id, folder }: ListedExperiment, changes: ExperimentChanges): void {
    const { experiments } = this.#workbench.catalogue;
    const other = changes.name === undefined ? undefined : experiments.find(changes.name);
    if (other && other.id !== id) {
      throw new CupbearerError('conflict', `There is an experiment "${other.name}" already.`, {
        hint: 'Choose another name.',
      });
    }
    const { file } = this.read({ folder });
    const changed = { ...file, spec: { ...file.spec, ...given(changes) } };
    writeExperiment(folder, changed);
    experiments.put(changed, folder);
  }

  /**
   * Keeps an experiment: a new one, or the one of this name with what has changed of it. Cells that the changed one has too stay
   * as they are; what it does not have any more stays in its folder, as a run by itself. @throws CupbearerError `conflict` where the folder is taken, `storage`.
   */
  keep(
    spec: ExperimentSpec,
    plan: Pick<ExperimentPlan, 'runs'>,
    { folder, base, workingDir, dataDir }: NewExperimentOptions,
  ): StoredExperiment {
    const { catalogue } = this.#workbench;
    const known = catalogue.experiments.find(spec.name);
    const earlier = known && holdsExperiment(known.folder) ? readExperiment(known.folder) : undefined;
    if (known && earlier) {
      const asked = folder === undefined ? known.folder : resolve(workingDir, folder);
      if (asked !== known.folder) {
        throw new CupbearerError('conflict', `The experiment "${known.name}" is in "${known.folder}" already.`, {
          hint: 'Leave the folder out, or give the experiment another name.',
        });
      }
      const file = { ...earlier, runs: plan.runs.size, working_dir: workingDir, data_dir: dataDir, spec };
      const links = [...readLinks(known.folder).values()].filter(({ key }) => plan.runs.has(key));
      writeExperiment(known.folder, file);
      writeLinks(known.folder, links);
      catalogue.takeUpExperiment(known.folder);
      catalogue.experiments.keepCells(file.id, [...plan.runs.keys()]);
      return { folder: known.folder, file };
    }
    // Its folder has gone, and with it what it was.
    if (known) catalogue.experiments.forget(known.id);
    const now = new Date();
    const file: ExperimentFile = {
      format: experimentFormat,
      id: newRunId(now),
      created_at: now.toISOString(),
      runs: plan.runs.size,
      working_dir: workingDir,
      data_dir: dataDir,
      spec,
    };
    const made = this.#makeFolder(spec, folder === undefined ? undefined : resolve(workingDir, folder), base);
    writeExperiment(made, file);
    catalogue.takeUpExperiment(made);
    return { folder: made, file };
  }

  /** Locks an experiment, so that it is refused to delete it, or unlocks it. @throws CupbearerError `storage`. */
  lock({ folder, file: { locked: _, ...file } }: StoredExperiment, locked: boolean): void {
    writeExperiment(folder, locked ? { ...file, locked } : file);
    this.#workbench.catalogue.takeUpExperiment(folder);
    this.#workbench.catalogue.tell();
  }

  /** What the plan of an experiment depends on. @throws CupbearerError `not-found` for a run that it names. */
  planSource(
    { spec, working_dir: workingDir, data_dir: dataDir }: ExperimentPlanSource,
    mostCells: number,
  ): PlanSource {
    const named = [...spec.classifiers, ...spec.detectors].flatMap(({ run }) => (typeof run === 'string' ? [run] : []));
    const runFolders = Object.fromEntries(named.map((id) => [id, this.#workbench.catalogue.get(id).folder]));
    return { spec, workingDir, dataDir, mostCells, version: versions()['cupbearer']!, runFolders };
  }

  #makeFolder(spec: ExperimentSpec, folder: string | undefined, base: string): string {
    if (folder === undefined) {
      createFolder(base);
      const path = freePath(base, slug(spec.name) || 'experiment');
      createNewFolder(path);
      return path;
    }
    createFolder(join(folder, '..'));
    if (createNewFolder(folder)) return folder;
    if (!holdsExperiment(folder)) {
      throw new CupbearerError('conflict', `"${folder}" is there already and holds no experiment.`, {
        hint: 'Choose a new folder.',
      });
    }
    const { spec: other } = readExperiment(folder);
    throw new CupbearerError('conflict', `"${folder}" holds the experiment "${other.name}".`, {
      hint: 'Choose another folder, or use its name.',
    });
  }
}

/** What of an experiment its plan depends on. */
export type ExperimentPlanSource = Pick<ExperimentFile, 'spec' | 'working_dir' | 'data_dir'>;

const cancelName = 'cancel';

/** Asks whichever process works on an experiment to stop. @throws CupbearerError `storage`. */
export function requestCancel(folder: string): void {
  writeFileAtomically(join(folder, cancelName), '');
}

/** Whether somebody has asked so. */
export function isCancelRequested(folder: string): boolean {
  return isThere(within(folder, cancelName));
}

/** Takes the request back, since it was heeded. */
export function clearCancelRequest(folder: string): void {
  rmSync(join(folder, cancelName), { force: true });
}
