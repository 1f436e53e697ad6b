import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { reportSources } from '../reports/run-sources.ts';
import { dataFolder } from '../settings.ts';

/** The calls about reports. */
export function reportsCalls({ workbench: { catalogue }, summaries, results, settings, made }: Application) {
  return {
    make: calls.reports.make.handler(async ({ input: { runs: ids, ...asked }, signal }) => {
      const runs = [...new Map(ids.map((id) => [id, catalogue.get(id)])).values()];
      const request = { ...asked, ...reportSources(catalogue, summaries, runs) };
      const options = { dataDir: dataFolder(settings.current()), signal };
      return made.make((file) => results.ask('make-report', { ...request, file }, options));
    }),
  };
}
