import type { FinishedRun, LaunchOptions, ResumeOptions, Workbench } from '../../main/api/workbench.ts';
import type { QueuedRuns, RunRequest } from '../../main/api/runs/queued-runs.ts';
import { parseSpec, runRegistry } from '../../main/runs/index.ts';
import type { RunRecord } from '../../shared/domain/run.ts';

/** Does what a command of the CLI would, on a workbench of the test's own. */
export async function runOn(
  workbench: Workbench,
  command: string,
  params: unknown,
  { resume, ...options }: LaunchOptions & ResumeOptions & { resume?: boolean } = {},
): Promise<FinishedRun> {
  if (resume) return workbench.resume(options);
  return workbench.run(parseSpec(runRegistry.get(command).kind, params, options), options);
}

/** A run that is asked for by the name of its command. */
type NamedRequest = Omit<RunRequest, 'spec'> & {
  experiment: string;
  params: object | ((earlier: readonly RunRecord[]) => object);
};

/** Queues runs that are asked for by the names of their commands. */
export function enqueueOn(queued: QueuedRuns, requests: readonly NamedRequest[]): RunRecord[] {
  return queued.enqueue(
    requests.map(({ experiment, params, ...rest }) => {
      const { kind } = runRegistry.get(experiment);
      const isLater = typeof params === 'function';
      const spec = isLater
        ? (earlier: readonly RunRecord[]) => parseSpec(kind, params(earlier))
        : parseSpec(kind, params);
      return { ...rest, spec };
    }),
  );
}
