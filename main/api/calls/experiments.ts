import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import type { DraftSubject } from '../../runs/drafts/draft-specs.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { reviewDraft } from '../drafts/draft-review.ts';
import { reachFaults, withoutFaulty } from '../drafts/draft-reach.ts';
import { draftSubject } from '../drafts/draft-subject.ts';
import { formDefinitions } from '../drafts/form-definitions.ts';
import { packPreview } from '../pack-samples.ts';
import { draftFromRun } from '../drafts/run-draft.ts';
import { dataFolder } from '../settings.ts';
import { refuseFaults, startExperiment } from '../drafts/start-experiment.ts';

/** The calls of the wizard. */
export function experimentsCalls(application: Application) {
  const { workbench, settings, reach, queued, inspector, estimator, library, storedDraft } = application;
  const { catalogue } = workbench;
  const { experiments } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  const subjectOf = (draft: ExperimentDraft) => draftSubject(catalogue, draft);
  /** The subject of a draft that is to be run as it is. */
  const soundSubject = async (draft: ExperimentDraft, signal: AbortSignal | undefined): Promise<DraftSubject> => {
    const subject = subjectOf(draft);
    const { faults } = await library.ask('check-draft', { subject }, asking(signal));
    refuseFaults(faults);
    return subject;
  };
  return {
    definitions: experiments.definitions.handler(() => formDefinitions()),
    presets: experiments.presets.handler(({ signal }) => library.ask('list-presets', {}, asking(signal))),
    check: experiments.check.handler(({ input, signal }) => {
      const outOfReach = reachFaults(reach, catalogue, input.draft);
      // A page must not learn anything about places that it may not reach.
      const subject = subjectOf(withoutFaulty(input.draft, outOfReach));
      return library.ask('check-draft', { subject, known: outOfReach }, asking(signal));
    }),
    preview: experiments.preview.handler(async ({ input: { draft, draw, count }, signal }) => {
      const question = { subject: subjectOf(draft), draw, count };
      return packPreview(await inspector.ask('preview-draft', question, asking(signal)));
    }),
    network: experiments.network.handler(({ input, signal }) =>
      library.ask('draft-network', subjectOf(input.draft), asking(signal)),
    ),
    review: experiments.review.handler(async ({ input, signal }) => {
      const subject = await soundSubject(input.draft, signal);
      const known = await library.ask('describe-draft', subject, asking(signal));
      return reviewDraft(subject, known, (...request) => queued.folderFor(...request));
    }),
    estimate: experiments.estimate.handler(async ({ input, signal }) =>
      estimator.ask('estimate-draft', await soundSubject(input.draft, signal), asking(signal)),
    ),
    start: experiments.start.handler(async ({ input, signal }) => {
      const ids = startExperiment(await soundSubject(input.draft, signal), queued);
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
