import type { Application, Host } from './application.ts';
import { Inspector } from '../jobs/inspection.ts';
import { RunningProcesses } from '../jobs/running-processes.ts';
import { mayUseGpu } from '../tensor/engine.ts';
import { QueuedRuns } from './queued-runs.ts';
import { RunFeed } from './run-feed.ts';
import { RunRemoval } from './run-removal.ts';
import { RunSummaries } from './run-summaries.ts';
import { dataFolder, SettingsStore } from './settings.ts';
import { StoredDraft } from './stored-draft.ts';
import { tidyUp } from './tidy-up.ts';
import { Workbench } from './workbench.ts';

/** An application that is running. */
export interface RunningApplication extends Application {
  /** Stops what is going on and closes the catalogue. */
  close(): Promise<void>;
}

export interface ApplicationOptions {
  host: Host;
  /** The catalogue's file; the user's own where left out. */
  catalogueFile?: string;
  /** What the user has set; the file in the program's own folder where left out. */
  settings?: SettingsStore;
}

/** Puts together what the calls of the contract work with. @throws CupbearerError where the catalogue cannot be opened. */
export function createApplication({ host, catalogueFile, settings }: ApplicationOptions): RunningApplication {
  const processes = new RunningProcesses(host.launch);
  const workbench = new Workbench(catalogueFile, processes.launch);
  const current = settings ?? new SettingsStore();
  const summaries = new RunSummaries(workbench.catalogue);
  const inspector = new Inspector(processes.launch);
  const estimator = new Inspector(processes.launch);
  const queued = new QueuedRuns(workbench, current, async (engine) => {
    if (mayUseGpu(engine)) await Promise.all([inspector.releaseGpu(), estimator.releaseGpu()]);
  });
  current.onChange(() => queued.wake());
  const tidying = tidyUp(workbench, dataFolder(current.current()));
  const feed = new RunFeed(workbench.catalogue, summaries, queued);
  const removal = new RunRemoval(workbench.catalogue);
  return {
    workbench,
    host,
    settings: current,
    summaries,
    queued,
    feed,
    removal,
    inspector,
    estimator,
    storedDraft: new StoredDraft(),
    close: async () => {
      inspector.close();
      estimator.close();
      const ended = queued.close();
      // What a run has written is whole at any time; waiting for its next batch could take many seconds.
      processes.killAll();
      await Promise.all([ended, tidying]);
      feed.close();
      removal.close();
      workbench.close();
    },
  };
}
