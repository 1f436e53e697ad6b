import type { DraftCheck } from '../../../shared/domain/draft.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { given } from '../../../shared/given.ts';
import {
  draftClassifierSpec,
  draftDetectorSpecs,
  draftTrains,
  type DraftSubject,
} from '../../runs/drafts/draft-specs.ts';
import type { QueuedRuns, RunRequest } from '../runs/queued-runs.ts';

/**
 * Throws if a draft has faults. @throws CupbearerError `usage` with the first fault, and all of them in its details.
 */
export function refuseFaults(faults: DraftCheck['faults']): void {
  const [first] = faults;
  if (!first) return;
  throw new CupbearerError('usage', first.message, { details: { faults } });
}

/**
 * Queues the runs of a draft without faults: its classifier, if its task watches one that is trained, and the detectors that wait for it.
 * Returns their ids, the classifier's first. @throws CupbearerError `usage`, `conflict`, `storage`.
 */
export function startExperiment(subject: DraftSubject, queued: QueuedRuns): string[] {
  const { draft, classifierFolder } = subject;
  const common = { tags: draft.tags, ...given({ engine: draft.engine === 'auto' ? undefined : draft.engine }) };
  const classifier: RunRequest[] = draftTrains(subject) ? [{ ...common, spec: draftClassifierSpec(draft) }] : [];
  const detectors = draft.detectors.map((_, i): RunRequest => ({
    ...common,
    spec: (earlier) =>
      draftDetectorSpecs({ draft, classifierFolder: classifierFolder ?? earlier[0]?.folder ?? null })[i]!,
  }));
  return queued.enqueue([...classifier, ...detectors]).map(({ id }) => id);
}
