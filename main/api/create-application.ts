import type { Settings } from '../../shared/domain/settings.ts';
import type { Application, Host } from './application.ts';
import { Inspector } from '../jobs/inspection.ts';
import { RunningProcesses } from '../jobs/running-processes.ts';
import { mayUseGpu } from '../tensor/engine.ts';
import { cupbearerHome } from '../storage/home.ts';
import { pluginsOffVariable, storeTime } from '../plugins/plugin-store.ts';
import { refreshPlugins } from '../runs/plugins.ts';
import { Experiments } from './experiments/experiments.ts';
import { LiveRows } from './plugins/live-rows.ts';
import { Plugins } from './plugins/plugins.ts';
import { QueuedRuns } from './runs/queued-runs.ts';
import { Reach } from './reach.ts';
import { RunFeed } from './runs/run-feed.ts';
import { FolderFollower } from './runs/folder-follower.ts';
import { Marking } from './runs/marking.ts';
import { RunSummaries } from './runs/run-summaries.ts';
import { pluginsIn } from '../../shared/plugin/recorded-version.ts';
import { dataFolder, runsFolder, SettingsStore } from './settings.ts';
import { StoredDraft } from './drafts/stored-draft.ts';
import { Trash } from './trash/trash.ts';
import { tidyUp } from './tidy-up.ts';
import { MadeFiles } from './made-files.ts';
import { Uploads } from './uploads.ts';
import { Workbench } from './workbench.ts';

/** An application that is running. */
export interface RunningApplication extends Application {
  /** Stops everything that is running and closes the catalogue. */
  close(): Promise<void>;
}

export interface ApplicationOptions {
  host: Host;
  /** The catalogue's file; by default the user's own. */
  catalogueFile?: string;
  /** The settings; by default those in the program's own folder. */
  settings?: SettingsStore;
  /** The folder below which pages may name paths; by default they may name any. */
  root?: string | undefined;
  /** Whether plugins run; in the desktop program unless told otherwise. */
  allowPlugins?: boolean | undefined;
}

function foldersOf(settings: Settings): string[] {
  return [dataFolder(settings), runsFolder(settings)];
}

/**
 * Creates everything that the calls of the contract work with. @throws CupbearerError if the catalogue cannot be
 * opened.
 */
export function createApplication({
  host,
  catalogueFile,
  settings,
  root,
  allowPlugins = host.kind === 'electron',
}: ApplicationOptions): RunningApplication {
  const current = settings ?? new SettingsStore();
  const atStart = current.current();
  // Comes first, so that nothing is left open if the root does not exist.
  const reach = new Reach(root, {
    folders: () => [cupbearerHome(), ...foldersOf(atStart), ...foldersOf(current.current())],
    isRun: (folder) => workbench.catalogue.byFolder(folder) !== undefined,
  });
  const environment = () => ({ ...reach.environment(), ...(allowPlugins ? {} : { [pluginsOffVariable]: '1' }) });
  const processes = new RunningProcesses(host.launch, environment);
  const workbench: Workbench = new Workbench(catalogueFile, processes.launch, environment);
  const summaries = new RunSummaries(workbench.catalogue);
  const inspector = new Inspector(processes.launch);
  const estimator = new Inspector(processes.launch);
  const library = new Inspector(processes.launch);
  const results = new Inspector(processes.launch);
  const pluginInspector = new Inspector(processes.launch);
  const uploads = new Uploads();
  const made = new MadeFiles();
  const queued = new QueuedRuns(workbench, current, {
    makeRoom: async (engine) => {
      if (mayUseGpu(engine)) await Promise.all([inspector.releaseGpu(), estimator.releaseGpu()]);
    },
    // Checked when the run was queued as well, but links may have changed since.
    mayBegin: (folder) => reach.checkRun(folder),
  });
  current.onChange(() => queued.wake());
  const experiments = new Experiments(workbench, queued, current, library);
  const plugins = new Plugins({
    isAllowed: allowPlugins,
    ask: (name, question, signal) =>
      pluginInspector.ask(name, question, { dataDir: dataFolder(current.current()), signal }),
    stamp: () => String(storeTime()),
    refresh: () => refreshPlugins(),
    liveRows: new LiveRows({
      renew: (experiment, plugin) => experiments.renew(experiment, plugin),
      nameOf: (experiment) => workbench.catalogue.experiments.find(experiment)?.name,
    }),
    waitingRuns: () => {
      const counts = new Map<string, number>();
      for (const { spec } of workbench.catalogue.list({ status: 'queued' }))
        for (const { id } of pluginsIn(spec)) counts.set(id, (counts.get(id) ?? 0) + 1);
      return counts;
    },
  });
  plugins.start();
  const tidying = tidyUp(workbench, dataFolder(current.current()));
  const feed = new RunFeed(workbench.catalogue, summaries, queued);
  const trash = new Trash(workbench.catalogue, (name, question) =>
    library.ask(name, question, { dataDir: dataFolder(current.current()) }),
  );
  trash.start();
  const follower = new FolderFollower(workbench.catalogue);
  follower.follow();
  const marking = new Marking(workbench.catalogue, follower);
  return {
    workbench,
    host,
    settings: current,
    reach,
    summaries,
    experiments,
    queued,
    feed,
    trash,
    follower,
    marking,
    inspector,
    estimator,
    library,
    results,
    uploads,
    made,
    storedDraft: new StoredDraft(),
    plugins,
    close: async () => {
      trash.close();
      inspector.close();
      estimator.close();
      library.close();
      results.close();
      pluginInspector.close();
      // First, so that it begins nothing in place of what is ended.
      const stopped = experiments.close();
      const ended = queued.close();
      // What a run has written is complete at any time, and waiting for its next batch could take many seconds.
      processes.killAll();
      await Promise.all([
        stopped,
        ended,
        trash.idle(),
        tidying,
        uploads.close(),
        made.close(),
        marking.idle(),
        plugins.close(),
        follower.close(),
      ]);
      feed.close();
      workbench.close();
    },
  };
}
