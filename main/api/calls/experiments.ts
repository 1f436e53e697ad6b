import { settingsWords } from '../../experiments/settings-words.ts';
import { suites } from '../../experiments/suites/index.ts';
import { unknownName } from '../../../shared/definition.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { reportParts } from '../experiments/report-parts.ts';
import { dataFolder } from '../settings.ts';

/** A stream that nobody can end from outside goes on until it ends by itself. */
const never = new AbortController().signal;

/** The calls about experiments. */
export function experimentsCalls({ experiments: service, trash, results, settings, made }: Application) {
  const { experiments } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  return {
    watch: experiments.watch.handler(({ signal = never }) => service.watch(signal)),
    view: experiments.view.handler(async ({ input: { id, ...options }, signal }) => {
      const { experiment, subject } = await service.state(id, signal);
      // As of the subject: by it the page knows which changes it has not seen yet.
      const summary = service.summary(experiment.file.id);
      const found = await results.ask('experiment-view', { subject, options }, asking(signal));
      return { ...found, summary, notes: experiment.file.spec.notes };
    }),
    byLayer: experiments.byLayer.handler(async ({ input: { id, metric }, signal }) => {
      const { subject } = await service.state(id, signal);
      return results.ask('experiment-layers', { subject, metric }, asking(signal));
    }),
    change: experiments.change.handler(({ input: { id, ...changes } }) => {
      service.change(id, changes);
      return {};
    }),
    start: experiments.start.handler(async ({ input }) => {
      await service.start(input.id, { cells: input.cells });
      return {};
    }),
    stop: experiments.stop.handler(async ({ input }) => {
      await service.stop(input.id);
      return {};
    }),
    pause: experiments.pause.handler(({ input }) => {
      service.pause(input.id);
      return {};
    }),
    resume: experiments.resume.handler(({ input }) => {
      service.resume(input.id);
      return {};
    }),
    first: experiments.first.handler(({ input }) => {
      service.first(input.id, input.keys);
      return {};
    }),
    suites: experiments.suites.handler(() => [...suites].map(([id, { name, question }]) => ({ id, name, question }))),
    startSuite: experiments.startSuite.handler(async ({ input, signal }) => {
      const spec = suites.get(input.suite);
      if (!spec) throw new CupbearerError('not-found', unknownName('suite', input.suite, [...suites.keys()]));
      return { id: await service.begin(spec, signal) };
    }),
    table: experiments.table.handler(async ({ input: { id, ...options }, signal }) => {
      const { subject, experiment } = await service.state(id, signal);
      const settings = settingsWords(experiment.file.spec);
      const question = { subject, options, settings };
      const { name, type, bytes } = await results.ask('experiment-table', question, asking(signal));
      return new File([bytes], name, { type });
    }),
    lock: experiments.lock.handler(({ input }) => {
      service.lock(input.id, input.locked);
      return {};
    }),
    remove: experiments.remove.handler(({ input }) => trash.removeExperiment(input.id)),
    figure: experiments.figure.handler(async ({ input: { id, ...options }, signal }) => {
      const { subject } = await service.state(id, signal);
      const { name, type, bytes } = await results.ask('experiment-figure', { subject, options }, asking(signal));
      return new File([bytes], name, { type });
    }),
    report: experiments.report.handler(async ({ input: { id, ...options }, signal }) => {
      const { experiment, plan, subject } = await service.state(id, signal);
      const question = { subject, options, ...reportParts(experiment, plan) };
      return made.make((file) => results.ask('experiment-report', { ...question, file }, asking(signal)));
    }),
    forget: experiments.forget.handler(({ input }) => {
      service.forget(input.id);
      return {};
    }),
  };
}
