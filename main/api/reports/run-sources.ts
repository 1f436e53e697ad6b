import type { EvaluatedRun } from '../../reports/compare/loaded-run.ts';
import type { ReportSource, ReportSources } from '../../reports/make-report.ts';
import type { RunNames } from '../../runs/public-paths.ts';
import type { RunFolders } from '../../reports/run-results.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { classifierFolder } from '../runs/classifier-folder.ts';
import { publicCommand } from '../runs/repeat-command.ts';
import { runTitle } from '../runs/run-title.ts';
import { RunSummaries } from '../runs/run-summaries.ts';
import { otherTrigger } from '../../../shared/suspicions-of-summary.ts';

/** Returns where the results of a run are. */
export function runFolders(catalogue: Catalogue, run: CatalogueRun): RunFolders {
  const [summary] = new RunSummaries(catalogue).of([run]);
  return {
    folder: run.folder,
    classifier: classifierFolder(catalogue, run),
    triggers: summary ? otherTrigger(summary.subject) : null,
  };
}

/** Returns what of a run a comparison needs. */
export function evaluatedRun(catalogue: Catalogue, run: CatalogueRun): EvaluatedRun {
  const { id, title } = run;
  return { id, title, ...runFolders(catalogue, run), ...new RunSummaries(catalogue).settingOf(run) };
}

/** Returns what a report on runs is made from: these runs, and those that they build on. */
export function reportSources(
  catalogue: Catalogue,
  summaries: RunSummaries,
  runs: readonly CatalogueRun[],
): ReportSources {
  const foundations = foundationsOf(catalogue, runs);
  const names: RunNames = new Map([...runs, ...foundations].map(({ id, folder }) => [folder, id]));
  const described = (among: readonly CatalogueRun[]) => {
    const all = summaries.of(among);
    return among.map((run, i): ReportSource => {
      const { damage: _, ...record } = run;
      const summary = all[i]!;
      return {
        record,
        heading: runTitle(summary),
        evaluated: evaluatedRun(catalogue, run),
        summary,
        ...publicCommand(run, names),
      };
    });
  };
  return { runs: described(runs), foundations: described(foundations), names };
}

/** Links of a chain of runs that build on each other: a classifier to attack, a classifier, a detector, an evaluation. */
const mostLinks = 8;

/** The runs that some others build on, without these; each comes after those that it builds on itself. */
function foundationsOf(catalogue: Catalogue, runs: readonly CatalogueRun[]): CatalogueRun[] {
  const found = new Map<string, CatalogueRun>();
  let parents = runs.flatMap((run) => run.parents);
  for (let link = 0; link < mostLinks && parents.length > 0; link++) {
    const above = [...new Set(parents)].flatMap((id) => catalogue.find(id) ?? []);
    // What is found again is needed earlier than thought.
    for (const run of above) {
      found.delete(run.id);
      found.set(run.id, run);
    }
    parents = above.flatMap((run) => run.parents);
  }
  const reported = new Set(runs.map(({ id }) => id));
  return [...found.values()].filter(({ id }) => !reported.has(id)).reverse();
}
