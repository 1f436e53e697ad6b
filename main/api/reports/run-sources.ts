import type { EvaluatedRun } from '../../reports/compare-runs.ts';
import type { ReportSource } from '../../reports/make-report.ts';
import type { RunFolders } from '../../reports/run-results.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { classifierFolder } from '../runs/classifier-folder.ts';
import { repeatCommand } from '../runs/repeat-command.ts';
import type { RunSummaries } from '../runs/run-summaries.ts';

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
