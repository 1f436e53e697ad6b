import { join } from 'node:path';
import { settingsSchema, type Settings, type SettingsChanges } from '../../shared/domain/settings.ts';
import { defaultDataDir } from '../data/data-dir.ts';
import { cupbearerHome } from '../storage/home.ts';
import { readSettings, settingsPath, writeSettings } from '../storage/settings-file.ts';

/** What the user has set, kept in a file and told to whoever depends on it. */
export class SettingsStore {
  /** What a person should know of the file. */
  readonly notices: string[] = [];
  readonly #path: string;
  readonly #listeners = new Set<(settings: Settings) => void>();
  #current: Settings;

  constructor(path: string = settingsPath()) {
    this.#path = path;
    const { settings, notice } = readSettings(path);
    this.#current = settings;
    if (notice !== undefined) this.notices.push(notice);
  }

  current(): Settings {
    return this.#current;
  }

  /** Sets some of them and gives all. @throws CupbearerError `storage` where they cannot be kept; nothing is changed then. */
  change(changes: SettingsChanges): Settings {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    // Another window or program may have changed others meanwhile.
    return this.#keep(settingsSchema.parse({ ...readSettings(this.#path).settings, ...Object.fromEntries(given) }));
  }

  /** All as they were at first, but for what the user has saved and the bound that no page may change. @throws CupbearerError `storage`. */
  reset(): Settings {
    const { savedFilters, root } = readSettings(this.#path).settings;
    return this.#keep(settingsSchema.parse({ savedFilters, root }));
  }

  /** Calls `listener` after every change. Returns an unsubscribe function. */
  onChange(listener: (settings: Settings) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keep(settings: Settings): Settings {
    writeSettings(this.#path, settings);
    this.#current = settings;
    for (const listener of this.#listeners) listener(settings);
    return settings;
  }
}

/** The folder with one sub-folder a dataset. */
export function dataFolder({ dataDir }: Settings): string {
  return dataDir ?? defaultDataDir();
}

/** The folder that new runs go to where the settings name none. */
export function defaultRunsFolder(): string {
  return join(cupbearerHome(), 'runs');
}

/** The folder that new runs go to. */
export function runsFolder({ runsDir }: Settings): string {
  return runsDir ?? defaultRunsFolder();
}
