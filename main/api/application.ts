import type { ProcessLauncher } from '../jobs/child-process.ts';
import type { Inspector } from '../jobs/inspection.ts';
import type { QueuedRuns } from './runs/queued-runs.ts';
import type { Reach } from './reach.ts';
import type { RunFeed } from './runs/run-feed.ts';
import type { FolderFollower } from './runs/folder-follower.ts';
import type { Marking } from './runs/marking.ts';
import type { RunRemoval } from './runs/run-removal.ts';
import type { RunSummaries } from './runs/run-summaries.ts';
import type { SettingsStore } from './settings.ts';
import type { StoredDraft } from './drafts/stored-draft.ts';
import type { MadeFiles } from './made-files.ts';
import type { Uploads } from './uploads.ts';
import type { Workbench } from './workbench.ts';

/** What the host that shows the application can do, and how it starts processes. */
export interface Host {
  readonly kind: 'electron' | 'web';
  readonly launch: ProcessLauncher;
  /** Shows a folder in the system's file browser; absent where there is none. */
  openFolder?(path: string): Promise<void>;
  /** Asks the user for a folder; null where none was chosen. */
  chooseFolder?(title: string): Promise<string | null>;
  /** Prints the self-contained HTML page in a file. Resolves with the PDF. */
  printPdf?(file: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether it can be replaced by a newer version from here. */
  readonly canUpdate?: boolean;
  /** Where the host keeps log and crash files. */
  readonly logsDir?: string;
}

/** All that the calls of the contract work with. */
export interface Application {
  readonly workbench: Workbench;
  readonly host: Host;
  readonly settings: SettingsStore;
  /** What pages may name by its path. */
  readonly reach: Reach;
  /** Runs that wait or go on; where new ones are asked for. */
  readonly queued: QueuedRuns;
  readonly summaries: RunSummaries;
  readonly feed: RunFeed;
  readonly removal: RunRemoval;
  readonly follower: FolderFollower;
  readonly marking: Marking;
  /** Looks into data. */
  readonly inspector: Inspector;
  /** Measures how long things take, in a process of its own so that a measurement holds up no picture. */
  readonly estimator: Inspector;
  /**
   * Knows what is on disk: checks drafts against it, lists, imports, downloads, finds runs. In a process of its own, so that a
   * slow folder holds up neither the host nor a picture.
   */
  readonly library: Inspector;
  /** Reads and compares what runs have found, and makes reports of it. */
  readonly results: Inspector;
  /** Files on their way from a window. */
  readonly uploads: Uploads;
  /** Files on their way to a window. */
  readonly made: MadeFiles;
  readonly storedDraft: StoredDraft;
}
