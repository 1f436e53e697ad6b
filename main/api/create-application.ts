import type { Application, Host } from './application.ts';
import { SettingsStore } from './settings.ts';
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
  const workbench = new Workbench(catalogueFile);
  return {
    workbench,
    host,
    settings: settings ?? new SettingsStore(),
    close: () => {
      workbench.close();
      return Promise.resolve();
    },
  };
}
