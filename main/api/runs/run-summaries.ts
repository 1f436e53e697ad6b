import { existsSync } from 'node:fs';
import type { RunSummary } from '../../../shared/domain/live.ts';
import type { RunRecord, RunStatus } from '../../../shared/domain/run.ts';
import { given } from '../../../shared/given.ts';
import { ownEngines } from '../../../shared/engine-parts.ts';
import type { StoredSpec } from '../../runs/stored-spec.ts';
import type { Catalogue, RunChanges, RunSlice } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { inWindow } from '../window-errors.ts';
import { readRun } from './read-run.ts';
import { describeTraining } from '../../runs/classifier-spec.ts';
import { usualAccuracy } from '../../runs/usual-accuracy.ts';
import { runWords } from './run-words.ts';
import { runSetting, type RunSetting, type SetRun } from './run-setting.ts';

/** Runs of the catalogue as lists show them. Keeps none: a hundred thousand would fill the memory. */
export class RunSummaries {
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** @throws CupbearerError `not-found` if there is no such run. */
  get(id: string): RunSummary {
    return this.of([this.#catalogue.get(id)])[0]!;
  }

  /** Returns the newest, without reading the rest. */
  newest(limit: number): RunSummary[] {
    return this.of(this.#catalogue.list({ limit }));
  }

  /** Returns a slice of all, as {@link Catalogue.slice} reads it. */
  slice(from?: number): { runs: RunSummary[]; next: RunSlice['next'] } {
    const { runs, next } = this.#catalogue.slice(from);
    return { runs: this.of(runs), next };
  }

  /** Returns what has changed since a revision, as {@link Catalogue.changesSince} reads it. */
  changesSince(revision: number): Omit<RunChanges, 'changed'> & { changed: RunSummary[] } {
    const { changed, ...rest } = this.#catalogue.changesSince(revision);
    return { changed: this.of(changed), ...rest };
  }

  /** Returns the setting of a run. */
  settingOf(run: CatalogueRun): RunSetting {
    return runSetting(asSetRun(run), this.#finder());
  }

  /** Returns summaries of runs. The spec of a run that several build on is read once. */
  of(runs: readonly CatalogueRun[]): RunSummary[] {
    const find = this.#finder();
    const experiments = this.#catalogue.experiments.experimentsOf(runs.map(({ id }) => id));
    return runs.map((run) => summaryOf(run, find, experiments.get(run.id) ?? []));
  }

  /** Returns what finds runs by their ids, and keeps them. */
  #finder(): (id: string) => SetRun | undefined {
    const known = new Map<string, SetRun | undefined>();
    return (id) => {
      if (!known.has(id)) {
        const found = this.#catalogue.find(id);
        known.set(id, found && asSetRun(found));
      }
      return known.get(id);
    };
  }
}

function asSetRun(run: CatalogueRun): SetRun {
  return { id: run.id, spec: readRun(run).spec, parents: run.parents };
}

function summaryOf(
  run: CatalogueRun,
  find: (id: string) => SetRun | undefined,
  experiments: readonly string[],
): RunSummary {
  const { spec, fault } = readRun(run);
  const specOf = (id: string | undefined): StoredSpec | undefined => (id === undefined ? undefined : find(id)?.spec);
  const {
    id,
    kind,
    status,
    title,
    folder,
    metrics,
    parents,
    error,
    tags,
    notes,
    pinned,
    archived,
    locked = false,
  } = run;
  // An evaluation names its detector first.
  const [classifier, detector] = kind === 'evaluation' ? [parents[1], parents[0]] : [parents[0], undefined];
  const trained = kind === 'classifier' ? spec : specOf(classifier);
  return {
    id,
    kind,
    status,
    title,
    folder,
    ...runWords(spec, specOf(classifier), specOf(detector)),
    name: kind === 'classifier' ? givenName(title, spec) : '',
    metrics,
    durationMs: durationOf(run),
    createdAt: run.created_at,
    endedAt: run.ended_at,
    seed: spec.sound.seed ?? 0,
    modelSeed: trained?.sound.seed ?? null,
    setting: runSetting({ id, spec, parents }, find).setting,
    experiments: [...experiments],
    engines: ownEngines(run),
    testData: run.test_data ?? null,
    ...given({ usualAccuracy: trained && usualAccuracy(trained) }),
    parents,
    error: error && shortError(error),
    tags,
    notes,
    pinned,
    archived,
    locked,
    resumable: fault === null && canGoOn(run),
    fault,
  };
}

/** A title that the program would not choose: an import's, or a renamed model's. */
function givenName(title: string, { kind, sound, fault }: StoredSpec): string {
  if (kind !== 'classifier' || fault !== null || title === '') return '';
  const { train_data, model } = sound;
  return train_data && model && title === describeTraining({ train_data, model }) ? '' : title;
}

const stopped: readonly RunStatus[] = ['failed', 'cancelled', 'interrupted'];

/** Whether a training can be resumed. One that diverged would diverge again. */
function canGoOn({ kind, status, error, folder }: RunRecord): boolean {
  return kind === 'classifier' && stopped.includes(status) && error?.code !== 'non-finite' && existsSync(folder);
}

function durationOf({ timings: { total }, started_at: started, ended_at: ended }: RunRecord): number | null {
  if (total !== undefined) return total;
  return started === null || ended === null ? null : Math.max(0, Date.parse(ended) - Date.parse(started));
}

/** An error as the window shows it, without its stack. */
function shortError(error: NonNullable<RunRecord['error']>): NonNullable<RunSummary['error']> {
  const { stack: _, ...shown } = inWindow(error);
  return shown;
}
