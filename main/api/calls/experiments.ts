import { describeNetwork } from '../../models/describe-network.ts';
import { draftFaults, unsuitedIn } from '../../experiments/drafts/draft-faults.ts';
import { draftSummaries } from '../../experiments/drafts/draft-summaries.ts';
import { requireNetwork } from '../../experiments/drafts/draft-view.ts';
import { listPresets } from '../../experiments/presets.ts';
import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { reviewDraft } from '../draft-review.ts';
import { reachFaults, withoutFaulty } from '../draft-reach.ts';
import { draftSubject } from '../draft-subject.ts';
import { formDefinitions } from '../form-definitions.ts';
import { packPreview } from '../pack-samples.ts';
import { draftFromRun } from '../run-draft.ts';
import { dataFolder } from '../settings.ts';
import { checkDraft, startExperiment } from '../start-experiment.ts';

/** The calls of the wizard. */
export function experimentsCalls({
  workbench,
  settings,
  reach,
  queued,
  inspector,
  estimator,
  storedDraft,
}: Application) {
  const { catalogue } = workbench;
  const { experiments } = calls;
  const dataDir = () => dataFolder(settings.current());
  const subjectOf = (draft: ExperimentDraft) => draftSubject(catalogue, draft);
  /** The subject of a draft that is to be done as it is. */
  const soundSubject = (draft: ExperimentDraft) => {
    const subject = subjectOf(draft);
    checkDraft(subject, dataDir());
    return subject;
  };
  return {
    definitions: experiments.definitions.handler(() => formDefinitions()),
    presets: experiments.presets.handler(() => listPresets(dataDir())),
    check: experiments.check.handler(({ input }) => {
      const outOfReach = reachFaults(reach, catalogue, input.draft);
      // Nothing is looked up where a page may not look.
      const subject = subjectOf(withoutFaulty(input.draft, outOfReach));
      return {
        faults: draftFaults(subject, dataDir(), outOfReach),
        summaries: draftSummaries(subject),
        unsuited: unsuitedIn(subject),
      };
    }),
    preview: experiments.preview.handler(async ({ input: { draft, draw, count }, signal }) => {
      const question = { subject: subjectOf(draft), draw, count };
      return packPreview(await inspector.ask('preview-draft', question, { dataDir: dataDir(), signal }));
    }),
    network: experiments.network.handler(({ input }) => describeNetwork(requireNetwork(subjectOf(input.draft)))),
    review: experiments.review.handler(({ input }) =>
      reviewDraft(soundSubject(input.draft), (...request) => queued.folderFor(...request)),
    ),
    estimate: experiments.estimate.handler(({ input, signal }) =>
      estimator.ask('estimate-draft', soundSubject(input.draft), { dataDir: dataDir(), signal }),
    ),
    start: experiments.start.handler(({ input }) => {
      const ids = startExperiment(soundSubject(input.draft), queued);
      return { ids };
    }),
    fromRun: experiments.fromRun.handler(({ input }) => draftFromRun(catalogue, input.id)),
    storedDraft: experiments.storedDraft.handler(() => storedDraft.read()),
    storeDraft: experiments.storeDraft.handler(({ input }) => {
      storedDraft.write(input.draft);
      return {};
    }),
  };
}
