import type { ExperimentDraft } from '../../../shared/domain/draft.ts';
import { watches, type DraftSubject } from '../../runs/drafts/draft-specs.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { reviewDraft } from '../drafts/draft-review.ts';
import { reachFaults, withoutFaulty } from '../drafts/draft-reach.ts';
import { planDraft } from './planned-draft.ts';
import { draftPlan, runTimes } from '../drafts/draft-plan.ts';
import { draftQuestion, draftSubject } from '../drafts/draft-subject.ts';
import { draftOfExperiment } from '../../experiments/to-draft.ts';
import { isExperiment } from '../../../shared/draft-parts.ts';
import { formDefinitions } from '../drafts/form-definitions.ts';
import { packPreview } from '../pack-samples.ts';
import { draftFromRun } from '../drafts/run-draft.ts';
import { readRun } from '../runs/read-run.ts';
import { dataFolder, runsFolder } from '../settings.ts';
import { refuseFaults, startExperiment } from '../drafts/start-experiment.ts';

/** The calls of the wizard. */
export function draftsCalls(application: Application) {
  const { workbench, settings, reach, queued, inspector, estimator, library, storedDraft, experiments } = application;
  const { catalogue } = workbench;
  const { drafts } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  const subjectOf = (draft: ExperimentDraft) => draftSubject(catalogue, draft);
  /** A draft that is to be done as it is. */
  const sound = async (draft: ExperimentDraft, signal: AbortSignal | undefined) => {
    const question = draftQuestion(catalogue, draft);
    const { faults, summaries } = await library.ask('check-draft', question, asking(signal));
    refuseFaults(faults);
    return { subject: question.subject, summaries };
  };
  const soundSubject = async (draft: ExperimentDraft, signal: AbortSignal | undefined): Promise<DraftSubject> =>
    (await sound(draft, signal)).subject;
  const planned = async (draft: ExperimentDraft, signal: AbortSignal | undefined) => {
    const { summaries } = await sound(draft, signal);
    return planDraft(draft, summaries, { catalogue, experiments }, signal);
  };
  return {
    definitions: drafts.definitions.handler(() => formDefinitions()),
    presets: drafts.presets.handler(({ signal }) => library.ask('list-presets', {}, asking(signal))),
    check: drafts.check.handler(({ input, signal }) => {
      const outOfReach = reachFaults(reach, catalogue, input.draft);
      // A page must not learn anything about places that it may not reach.
      const question = draftQuestion(catalogue, withoutFaulty(input.draft, outOfReach), outOfReach);
      return library.ask('check-draft', { ...question, known: outOfReach }, asking(signal));
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
      const taken = subject.classifierFolder === null ? undefined : catalogue.byFolder(subject.classifierFolder);
      return reviewDraft(subject, known, (...request) => queued.folderFor(...request), taken && readRun(taken).spec);
    }),
    estimate: drafts.estimate.handler(async ({ input, signal }) =>
      estimator.ask('estimate-draft', await soundSubject(input.draft, signal), asking(signal)),
    ),
    plan: drafts.plan.handler(async ({ input, signal }) => {
      const { plan, spec, addsTo } = await planned(input.draft, signal);
      return draftPlan(catalogue, plan, { spec, addsTo, folder: runsFolder(settings.current()) });
    }),
    runTimes: drafts.runTimes.handler(() => runTimes(catalogue)),
    start: drafts.start.handler(async ({ input, signal }) => {
      if (!isExperiment(input.draft, watches))
        return { ids: startExperiment(await soundSubject(input.draft, signal), queued), experiment: null };
      const { spec, addsTo } = await planned(input.draft, signal);
      if (addsTo !== null) experiments.refuseIfGoing(addsTo);
      return { ids: [], experiment: await experiments.begin(spec, signal) };
    }),
    fromRun: drafts.fromRun.handler(({ input }) => draftFromRun(catalogue, input.id)),
    fromExperiment: drafts.fromExperiment.handler(({ input }) =>
      draftOfExperiment(experiments.store.listed(input.id).file),
    ),
    storedDraft: drafts.storedDraft.handler(() => storedDraft.read()),
    storeDraft: drafts.storeDraft.handler(({ input }) => {
      storedDraft.write(input.draft);
      return {};
    }),
  };
}
