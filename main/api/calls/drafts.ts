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
import { asksForMany, experimentOf, refuseFaults, startExperiment } from '../drafts/start-experiment.ts';

/** The calls of the wizard. */
export function draftsCalls(application: Application) {
  const { workbench, settings, reach, queued, inspector, estimator, library, storedDraft, experiments } = application;
  const { catalogue } = workbench;
  const { drafts } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  const subjectOf = (draft: ExperimentDraft) => draftSubject(catalogue, draft);
  /** A draft that is to be done as it is. */
  const sound = async (draft: ExperimentDraft, signal: AbortSignal | undefined) => {
    const subject = subjectOf(draft);
    const { faults, summaries } = await library.ask('check-draft', { subject }, asking(signal));
    refuseFaults(faults);
    return { subject, summaries };
  };
  const soundSubject = async (draft: ExperimentDraft, signal: AbortSignal | undefined): Promise<DraftSubject> =>
    (await sound(draft, signal)).subject;
  /** A name that no other experiment has. */
  const freeName = (name: string): string => {
    let free = name;
    for (let count = 2; catalogue.experiments.find(free); count++) free = `${name} ${count}`;
    return free;
  };
  return {
    definitions: drafts.definitions.handler(() => formDefinitions()),
    presets: drafts.presets.handler(({ signal }) => library.ask('list-presets', {}, asking(signal))),
    check: drafts.check.handler(({ input, signal }) => {
      const outOfReach = reachFaults(reach, catalogue, input.draft);
      // A page must not learn anything about places that it may not reach.
      const subject = subjectOf(withoutFaulty(input.draft, outOfReach));
      return library.ask('check-draft', { subject, known: outOfReach }, asking(signal));
    }),
    preview: drafts.preview.handler(async ({ input: { draft, draw, count }, signal }) => {
      const question = { subject: subjectOf(draft), draw, count };
      return packPreview(await inspector.ask('preview-draft', question, asking(signal)));
    }),
    network: drafts.network.handler(({ input, signal }) =>
      library.ask('draft-network', subjectOf(input.draft), asking(signal)),
    ),
    review: drafts.review.handler(async ({ input, signal }) => {
      const subject = await soundSubject(input.draft, signal);
      const known = await library.ask('describe-draft', subject, asking(signal));
      return reviewDraft(subject, known, (...request) => queued.folderFor(...request));
    }),
    estimate: drafts.estimate.handler(async ({ input, signal }) =>
      estimator.ask('estimate-draft', await soundSubject(input.draft, signal), asking(signal)),
    ),
    start: drafts.start.handler(async ({ input, signal }) => {
      const { subject, summaries } = await sound(input.draft, signal);
      if (!asksForMany(input.draft)) return { ids: startExperiment(subject, queued), experiment: null };
      const name = freeName(`${summaries.task}, ${summaries.detectors}`.slice(0, 90));
      return { ids: [], experiment: await experiments.begin(experimentOf(input.draft, name), signal) };
    }),
    fromRun: drafts.fromRun.handler(({ input }) => draftFromRun(catalogue, input.id)),
    storedDraft: drafts.storedDraft.handler(() => storedDraft.read()),
    storeDraft: drafts.storeDraft.handler(({ input }) => {
      storedDraft.write(input.draft);
      return {};
    }),
  };
}
