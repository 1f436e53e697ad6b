import { settingsWords } from '../../experiments/settings-words.ts';
import { suites } from '../../experiments/suites/index.ts';
import { unknownName } from '../../../shared/definition.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { dataFolder } from '../settings.ts';

/** A stream that nobody can end from outside goes on until it ends by itself. */
const never = new AbortController().signal;

/** The calls about experiments. */
export function experimentsCalls({ experiments: service, results, settings }: Application) {
  const { experiments } = calls;
  const asking = (signal: AbortSignal | undefined) => ({ dataDir: dataFolder(settings.current()), signal });
  return {
    watch: experiments.watch.handler(({ signal = never }) => service.watch(signal)),
    view: experiments.view.handler(async ({ input: { id, ...options }, signal }) => {
      const { experiment, subject } = await service.state(id, signal);
      const found = await results.ask('experiment-view', { subject, options }, asking(signal));
      return { ...found, summary: service.summary(experiment.file.id), notes: experiment.file.spec.notes };
    }),
    start: experiments.start.handler(async ({ input }) => {
      await service.start(input.id);
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
      const question = { subject, options: { ...options, spread: 'interval' as const }, settings };
      const { name, type, bytes } = await results.ask('experiment-table', question, asking(signal));
      return new File([bytes], name, { type });
    }),
    forget: experiments.forget.handler(({ input }) => {
      service.forget(input.id);
      return {};
    }),
  };
}
