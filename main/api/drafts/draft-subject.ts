import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { Fault } from '../../../shared/domain/form.ts';
import { classifiersOf } from '../../../shared/draft-parts.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { DraftQuestion } from '../../inspections/check-draft.ts';
import type { DraftSubject } from '../../runs/drafts/draft-specs.ts';
import { otherDrafts, plainDraft } from '../../runs/drafts/plain-draft.ts';
import type { Catalogue } from '../../storage/catalogue.ts';
import type { CatalogueRun } from '../../storage/catalogue-rows.ts';
import { RunSummaries } from '../runs/run-summaries.ts';
import { runTitle } from '../runs/run-title.ts';

/**
 * Returns the open task and classifier of a draft, with the folder of the classifier that it names in the catalogue; null if
 * there is none, or no longer.
 */
export function draftSubject(catalogue: Catalogue, draft: ExperimentDraft): DraftSubject {
  return subjectOf(catalogue, plainDraft(draft));
}

/** Returns a draft with all its parts. Of those that have `known` faults nothing is looked at. */
export function draftQuestion(
  catalogue: Catalogue,
  draft: ExperimentDraft,
  known: readonly Fault[] = [],
): Omit<DraftQuestion, 'known'> {
  const faulty = new Set(known.map(({ path }) => path.join('/')));
  return {
    draft,
    subject: draftSubject(catalogue, draft),
    others: otherDrafts(draft)
      .filter(({ at }) => !faulty.has(at.join('/')))
      .map(({ at, draft: plain }) => ({ at, subject: subjectOf(catalogue, plain) })),
    runTitles: runTitles(catalogue, draft),
    isFitted: fittedRuns(catalogue, draft).map((run) => run !== undefined),
  };
}

/** Titles of the runs whose classifiers or fitted detectors a draft takes, by id. */
export function runTitles(catalogue: Catalogue, draft: ExperimentDraft): Record<string, string> {
  const runs = classifiersOf(draft).flatMap((classifier) =>
    classifier.source === 'run' ? (runOf(catalogue, classifier.run) ?? []) : [],
  );
  const fitted = new RunSummaries(catalogue).of(fittedRuns(catalogue, draft).flatMap((run) => run ?? []));
  const titles = new Map(runs.map(({ id, title }) => [id, title]));
  for (const summary of fitted) titles.set(summary.id, runTitle(summary));
  return Object.fromEntries(titles);
}

/** The runs whose fitted detectors a draft takes, in order; undefined where one is gone or not finished. */
export function fittedRuns(
  catalogue: Catalogue,
  { fitted = [] }: Pick<ExperimentDraft, 'fitted'>,
): (CatalogueRun | undefined)[] {
  return fitted.map(({ run: id }) => {
    const run = runOf(catalogue, id);
    return run?.kind === 'detector' && run.status === 'done' ? run : undefined;
  });
}

function subjectOf(catalogue: Catalogue, draft: ExperimentDraft): DraftSubject {
  const { classifier } = draft;
  const run = classifier.source === 'run' ? runOf(catalogue, classifier.run) : undefined;
  return { draft, classifierFolder: run?.folder ?? null };
}

function runOf(catalogue: Catalogue, id: string): CatalogueRun | undefined {
  if (id === '') return undefined;
  try {
    return catalogue.get(id);
  } catch (error) {
    if (error instanceof CupbearerError && error.code === 'not-found') return undefined;
    throw error;
  }
}
