import type { ProcessLauncher } from '../jobs/child-process.ts';
import type { Inspector } from '../jobs/inspection.ts';
import type { Experiments } from './experiments/experiments.ts';
import type { QueuedRuns } from './runs/queued-runs.ts';
import type { Plugins } from './plugins/plugins.ts';
import type { Reach } from './reach.ts';
import type { RunFeed } from './runs/run-feed.ts';
import type { FolderFollower } from './runs/folder-follower.ts';
import type { Marking } from './runs/marking.ts';
import type { RunSummaries } from './runs/run-summaries.ts';
import type { SettingsStore } from './settings.ts';
import type { StoredDraft } from './drafts/stored-draft.ts';
import type { Trash } from './trash/trash.ts';
import type { MadeFiles } from './made-files.ts';
import type { Uploads } from './uploads.ts';
import type { Workbench } from './workbench.ts';

/** What the host that shows the application can do, and how it starts processes. */
export interface Host {
  readonly kind: 'electron' | 'web';
  readonly launch: ProcessLauncher;
  /** Shows a folder in the system's file browser; absent if there is none. */
  openFolder?(path: string): Promise<void>;
  /** Asks the user for a folder; null if none was chosen. */
  chooseFolder?(title: string): Promise<string | null>;
  /** Prints the self-contained HTML page in a file. Resolves with the PDF. */
  printPdf?(file: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether the host can install a newer version. */
  readonly canUpdate?: boolean;
  /** Where the host keeps log and crash files. */
  readonly logsDir?: string;
}

/** Everything that the calls of the contract work with. */
export interface Application {
  readonly workbench: Workbench;
  readonly host: Host;
  readonly settings: SettingsStore;
  /** Decides which paths pages may name. */
  readonly reach: Reach;
  /** The runs that wait or are running; new ones are queued here. */
  readonly queued: QueuedRuns;
  /** Many runs as one thing. */
  readonly experiments: Experiments;
  readonly summaries: RunSummaries;
  readonly feed: RunFeed;
  readonly trash: Trash;
  readonly follower: FolderFollower;
  readonly marking: Marking;
  /** Looks into data. */
  readonly inspector: Inspector;
  /** Measures how long things take, in its own process so that a measurement delays no preview. */
  readonly estimator: Inspector;
  /**
   * Looks at what is on disk: checks drafts, lists, imports and downloads data, finds runs. Has its own process, so
   * that a slow folder delays neither the host nor a preview.
   */
  readonly library: Inspector;
  /** Reads and compares what runs have found, and makes reports of it. */
  readonly results: Inspector;
  /** Files on their way from a window. */
  readonly uploads: Uploads;
  /** Files on their way to a window. */
  readonly made: MadeFiles;
  readonly storedDraft: StoredDraft;
  readonly plugins: Plugins;
}
