import { packArrays } from '../../../shared/domain/arrays.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { compareRuns, toComparison } from '../compare.ts';
import { followRun } from '../follow-run.ts';
import { removeLeftoversOfRun } from '../../storage/leftovers.ts';
import { checkRepeat } from '../check-repeat.ts';
import { changeMarks } from '../run-marks.ts';
import { runDetail } from '../run-details.ts';
import { activationPlane, runResult, runScores } from '../run-results.ts';
import { packSamples } from '../pack-samples.ts';
import { dataFolder } from '../settings.ts';
import { takeUpRuns } from '../take-up.ts';

/** A stream that nobody can end from outside goes on until it ends by itself. */
const never = new AbortController().signal;

/** The calls about runs. */
export function runsCalls(application: Application) {
  const { workbench, queued, feed, removal, summaries, inspector, settings } = application;
  const { catalogue } = workbench;
  const { runs } = calls;
  return {
    watch: runs.watch.handler(({ signal = never }) => feed.watch(signal)),
    get: runs.get.handler(async ({ input, signal }) => {
      // Results that a process was about to replace when it was killed are put back.
      await removeLeftoversOfRun(catalogue.get(input.id).folder);
      return runDetail(application, input.id, signal);
    }),
    follow: runs.follow.handler(({ input, signal = never }) => followRun(catalogue, input.id, signal)),
    result: runs.result.handler(({ input }) => runResult(workbench, catalogue.get(input.id))),
    scores: runs.scores.handler(({ input }) => runScores(workbench, catalogue.get(input.id))),
    plane: runs.plane.handler(({ input: { id, layer } }) => ({
      layer,
      arrays: packArrays({ ...activationPlane(catalogue.get(id), layer) }),
    })),
    samples: runs.samples.handler(async ({ input: { id, positions }, signal }) => {
      const question = { folder: catalogue.get(id).folder, positions };
      const options = { dataDir: dataFolder(settings.current()), signal };
      return packSamples(await inspector.ask('run-samples', question, options));
    }),
    findSamples: runs.findSamples.handler(async ({ input: { id, text }, signal }) => {
      const question = { folder: catalogue.get(id).folder, text };
      const options = { dataDir: dataFolder(settings.current()), signal };
      return { arrays: packArrays({ ...(await inspector.ask('find-samples', question, options)) }) };
    }),
    compare: runs.compare.handler(({ input }) => toComparison(compareRuns(workbench, input.ids), summaries)),
    cancel: runs.cancel.handler(({ input }) => {
      queued.cancel(input.ids);
      return {};
    }),
    resume: runs.resume.handler(({ input }) => {
      queued.resume(input.id, input.batchSize);
      return {};
    }),
    repeat: runs.repeat.handler(async ({ input, signal }) => {
      await checkRepeat(application, input.id, signal);
      return { id: queued.repeat(input.id).id };
    }),
    change: runs.change.handler(async ({ input: { ids, ...change } }) => {
      await changeMarks(catalogue, ids, change);
      return {};
    }),
    remove: runs.remove.handler(({ input }) => ({ ids: removal.remove(input.ids) })),
    restore: runs.restore.handler(({ input }) => {
      removal.restore(input.ids);
      return {};
    }),
    takeUp: runs.takeUp.handler(({ input, signal }) => takeUpRuns(application, input.folder, signal)),
  };
}
