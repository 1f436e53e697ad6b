import type { SpeedReport } from '../../../shared/domain/engine.ts';
import { examineEngines, testEngineSpeed } from '../../jobs/engines.ts';
import type { Application } from '../application.ts';
import { calls } from '../calls.ts';
import { latestOf } from '../latest-of.ts';

type SpeedNews =
  { type: 'progress'; done: number; total: number; note: string } | { type: 'report'; report: SpeedReport };

/** The calls about compute engines. */
export function enginesCalls({ host: { launch } }: Application) {
  return {
    statuses: calls.engines.statuses.handler(() => examineEngines(launch)),
    speedTest: calls.engines.speedTest.handler(({ input, signal }) =>
      latestOf<SpeedNews>(async (tell, stop) => {
        const onProgress = (done: number, total: number, note: string) => tell({ type: 'progress', done, total, note });
        const report = await testEngineSpeed(input.engine, { signal: stop, onProgress, launch });
        return { type: 'report', report };
      }, signal),
    ),
  };
}
