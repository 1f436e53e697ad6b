import type { Settings } from '../../shared/domain/settings.ts';
import type { ProcessLauncher } from '../jobs/child-process.ts';
import type { SettingsStore } from './settings.ts';
import type { Workbench } from './workbench.ts';

/** What the host that shows the application can do, and how it starts processes. */
export interface Host {
  readonly kind: 'electron' | 'web';
  readonly launch: ProcessLauncher;
  /** Shows a folder in the system's file browser; absent where there is none. */
  openFolder?(path: string): Promise<void>;
  /** Asks the user for a folder; null where none was chosen. */
  chooseFolder?(title: string): Promise<string | null>;
  /** A self-contained HTML page as PDF. */
  printPdf?(html: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Where the host keeps log and crash files. */
  readonly logsDir?: string;
}

/** What the user has set; read anew whenever it is needed, as it may change at any time. */
export interface CurrentSettings {
  current(): Settings;
}

/** All that the calls of the contract work with. */
export interface Application {
  readonly workbench: Workbench;
  readonly host: Host;
  readonly settings: SettingsStore;
}
