import { packArrays } from '../../../shared/domain/arrays.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { followRun } from '../runs/follow-run.ts';
import { removeLeftoversOfRun } from '../../storage/leftovers.ts';
import { checkRepeat } from '../runs/check-repeat.ts';
import { runDetail } from '../runs/run-details.ts';
import { evaluatedRun, runFolders } from '../reports/run-sources.ts';
import { specFields, specValues } from '../runs/spec-fields.ts';
import { packSamples } from '../pack-samples.ts';
import { dataFolder } from '../settings.ts';
import { takeUpRuns } from '../runs/take-up.ts';

/** For streams that nobody can end from outside. */
const never = new AbortController().signal;

/** The calls about runs. */
export function runsCalls(application: Application) {
  const { workbench, queued, experiments, feed, trash, follower, marking, summaries, inspector, results, settings } =
    application;
  const { catalogue } = workbench;
  const { runs } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  const foldersOf = (id: string) => runFolders(catalogue, catalogue.get(id));
  return {
    watch: runs.watch.handler(({ signal = never }) => feed.watch(signal)),
    fields: runs.fields.handler(({ signal }) => specFields(catalogue, signal)),
    values: runs.values.handler(({ input: { paths, ids }, signal = never }) =>
      specValues(catalogue, paths, ids, signal),
    ),
    get: runs.get.handler(async ({ input, signal }) => {
      // Restores results that a process was replacing when it was killed.
      await removeLeftoversOfRun(catalogue.get(input.id).folder);
      return runDetail(application, input.id, signal);
    }),
    follow: runs.follow.handler(({ input, signal = never }) => followRun(catalogue, input.id, signal)),
    result: runs.result.handler(({ input, signal }) =>
      results.ask('run-result', { ...foldersOf(input.id), pooling: input.pooling }, asking(signal)),
    ),
    scores: runs.scores.handler(async ({ input, signal }) => {
      const { arrays, ...words } = await results.ask(
        'run-scores',
        { ...foldersOf(input.id), pooling: input.pooling },
        asking(signal),
      );
      return { ...words, arrays: packArrays(arrays) };
    }),
    plane: runs.plane.handler(async ({ input: { id, layer }, signal }) => {
      const { folder } = catalogue.get(id);
      const plane = await results.ask('run-plane', { folder, layer }, asking(signal));
      return { layer, arrays: packArrays({ ...plane }) };
    }),
    samples: runs.samples.handler(async ({ input: { id, positions }, signal }) => {
      const question = { folder: catalogue.get(id).folder, positions };
      return packSamples(await inspector.ask('run-samples', question, asking(signal)));
    }),
    sample: runs.sample.handler(async ({ input: { id, position }, signal }) => {
      const question = { folder: catalogue.get(id).folder, position };
      const { sample, ...model } = await inspector.ask('run-sample', question, asking(signal));
      return { sample: packSamples(sample), ...model };
    }),
    tokens: runs.tokens.handler(({ input: { id, position }, signal }) =>
      inspector.ask('sample-tokens', { folder: catalogue.get(id).folder, position }, asking(signal)),
    ),
    neighbours: runs.neighbours.handler(({ input: { id, ...asked }, signal }) =>
      inspector.ask('near-trusted', { folder: catalogue.get(id).folder, ...asked }, asking(signal)),
    ),
    columns: runs.columns.handler(({ input: { id }, signal }) =>
      inspector.ask('metadata-columns', { folder: catalogue.get(id).folder }, asking(signal)),
    ),
    columnValues: runs.columnValues.handler(({ input: { id, ...asked }, signal }) =>
      inspector.ask('metadata-values', { folder: catalogue.get(id).folder, ...asked }, asking(signal)),
    ),
    findSamples: runs.findSamples.handler(async ({ input: { id, text }, signal }) => {
      const question = { folder: catalogue.get(id).folder, text };
      return { arrays: packArrays({ ...(await inspector.ask('find-samples', question, asking(signal))) }) };
    }),
    compare: runs.compare.handler(async ({ input, signal }) => {
      const compared = input.ids.map((id) => evaluatedRun(catalogue, catalogue.get(id)));
      const question = { runs: compared, score: input.score ?? 'all' };
      const { figures, samples } = await results.ask('compare-for-window', question, asking(signal));
      return {
        summaries: input.ids.map((id) => summaries.get(id)),
        figures: new Blob([figures]),
        samples: samples.map(({ runs: places, arrays }) => ({ runs: places, arrays: new Blob([arrays]) })),
      };
    }),
    cancel: runs.cancel.handler(async ({ input }) => {
      await queued.cancel(input.ids);
      return {};
    }),
    waitingFor: runs.waitingFor.handler(({ input: { ids } }) => ({
      count: queued.waitingFor(ids) + experiments.waitingFor(ids),
    })),
    resume: runs.resume.handler(async ({ input }) => {
      queued.resume(input.id, input.batchSize);
      await experiments.bringBack(input.id);
      return {};
    }),
    repeat: runs.repeat.handler(async ({ input, signal }) => {
      await checkRepeat(application, input.id, signal);
      return { id: queued.repeat(input.id).id };
    }),
    change: runs.change.handler(async ({ input: { ids, ...change } }) => {
      await marking.mark(ids, change);
      return {};
    }),
    remove: runs.remove.handler(({ input: { ids, anyway } }) =>
      trash.removeRuns(ids, anyway ? undefined : () => experiments.checkNotAwaited(ids)),
    ),
    restore: runs.restore.handler(async ({ input }) => {
      await trash.restoreRuns(input.ids);
      follower.follow();
      return {};
    }),
    takeUp: runs.takeUp.handler(({ input, signal }) => takeUpRuns(application, input.folder, signal)),
  };
}
