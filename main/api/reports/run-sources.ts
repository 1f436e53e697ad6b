import type { EvaluatedRun } from '../../reports/compare-runs.ts';
import type { ReportSource } from '../../reports/make-report.ts';
import type { RunFolders } from '../../reports/run-results.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { holdsRun } from '../../storage/run-folder.ts';
import { repeatCommand } from '../runs/repeat-command.ts';
import type { RunSummaries } from '../runs/run-summaries.ts';
import type { Workbench } from '../workbench.ts';

/** Returns the run that somebody names by its id, which may be shortened, or by its folder. @throws CupbearerError `not-found`. */
export function namedRun(workbench: Workbench, name: string): CatalogueRun {
  return holdsRun(name) ? workbench.known.recordOf(name) : workbench.catalogue.get(name);
}

/** Returns the folder of the classifier that a run trained or looks at; null if the catalogue does not know it. */
export function classifierFolder(catalogue: Catalogue, { kind, folder, parents }: CatalogueRun): string | null {
  if (kind === 'classifier') return folder;
  const classifier = parents.at(-1);
  return (classifier !== undefined && catalogue.find(classifier)?.folder) || null;
}

/** Returns where the results of a run are. */
export function runFolders(catalogue: Catalogue, run: CatalogueRun): RunFolders {
  return { folder: run.folder, classifier: classifierFolder(catalogue, run) };
}

/** Returns what of a run a comparison needs. */
export function evaluatedRun({ id, title, folder }: CatalogueRun): EvaluatedRun {
  return { id, title, folder };
}

/** Returns what of a run a report is made from. */
export function reportSource(catalogue: Catalogue, summaries: RunSummaries, run: CatalogueRun): ReportSource {
  const { damage: _, ...record } = run;
  return {
    record,
    classifier: classifierFolder(catalogue, run),
    summary: summaries.of([run])[0]!,
    ...repeatCommand(run),
  };
}
