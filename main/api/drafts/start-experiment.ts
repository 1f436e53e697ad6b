import type { DraftCheck, ExperimentDraft } from '../../../shared/domain/draft.ts';
import { experimentSpecSchema, type ExperimentSpec } from '../../../shared/domain/experiment.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import { draftClassifierSpec, draftDetectorSpecs, type DraftSubject } from '../../runs/drafts/draft-specs.ts';
import type { QueuedRuns, RunRequest } from '../runs/queued-runs.ts';

/**
 * Throws if a draft has faults. @throws CupbearerError `usage` with the first fault, and all of them in its details.
 */
export function refuseFaults(faults: DraftCheck['faults']): void {
  const [first] = faults;
  if (!first) return;
  throw new CupbearerError('usage', first.message, { details: { faults } });
}

/** Whether a draft asks for more than one detector with one seed. */
export function asksForMany({ detectors, seeds = 1 }: ExperimentDraft): boolean {
  return detectors.length > 1 || seeds > 1;
}

/** The experiment that a draft without faults asks for. `name` is taken where the draft has none. */
export function experimentOf(
  { classifier, task, detectors, evaluation, engine, tags, ...draft }: ExperimentDraft,
  name: string,
): ExperimentSpec {
  return experimentSpecSchema.parse({
    name: draft.name?.trim() || name,
    seeds: draft.seeds ?? 1,
    engine,
    tags,
    ...(classifier.source === 'run' ? { classifiers: [{ run: classifier.run }] } : {}),
    tasks: [
      {
        ...withoutSeed(task),
        ...(classifier.source === 'train' ? { classifier: withoutSeed(classifier.params) } : {}),
      },
    ],
    detectors,
    evaluation: withoutSeed(evaluation),
  });
}

/** The seeds of an experiment are those of all its parts. */
function withoutSeed<T extends Record<string, unknown>>({ seed: _, ...rest }: T): Omit<T, 'seed'> {
  return rest;
}

/**
 * Queues the runs of a draft without faults: its classifier, if one is trained, and the detectors that wait for it.
 * Returns their ids, the classifier's first. @throws CupbearerError `usage`, `conflict`, `storage`.
 */
export function startExperiment(subject: DraftSubject, queued: QueuedRuns): string[] {
  const { draft, classifierFolder } = subject;
  const common = { tags: draft.tags, ...given({ engine: draft.engine === 'auto' ? undefined : draft.engine }) };
  const classifier: RunRequest[] = classifierFolder === null ? [{ ...common, spec: draftClassifierSpec(draft) }] : [];
  const detectors = draft.detectors.map((_, i): RunRequest => ({
    ...common,
    spec: (earlier) => draftDetectorSpecs({ draft, classifierFolder: classifierFolder ?? earlier[0]!.folder })[i]!,
  }));
  return queued.enqueue([...classifier, ...detectors]).map(({ id }) => id);
}
