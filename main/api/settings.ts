import { join } from 'node:path';
import { settingsSchema, type Settings, type SettingsChanges } from '../../shared/domain/settings.ts';
import { defaultDataDir } from '../data/data-dir.ts';
import { cupbearerHome } from '../storage/home.ts';
import { readSettings, settingsPath, writeSettings } from '../storage/settings-file.ts';

/** The user's settings, stored in a file. Listeners are called after every change. */
export class SettingsStore {
  /** Problems with the file that the user should know about. */
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

  /**
   * Changes some settings and returns all. @throws CupbearerError `storage` if they cannot be stored; nothing is
   * changed then.
   */
  change(changes: SettingsChanges): Settings {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    // Another window or program may have changed other settings in the meantime.
    return this.#keep(settingsSchema.parse({ ...readSettings(this.#path).settings, ...Object.fromEntries(given) }));
  }

  /**
   * Restores the defaults, except saved filters and the root, which no page may change. @throws CupbearerError
   * `storage`.
   */
  reset(): Settings {
    const { runViews, savedFilters, root } = readSettings(this.#path).settings;
    return this.#keep(settingsSchema.parse({ runViews, savedFilters, root }));
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

/** The folder that has one subfolder per dataset. */
export function dataFolder({ dataDir }: Settings): string {
  return dataDir ?? defaultDataDir();
}

/** The folder for new runs if the settings name none. */
export function defaultRunsFolder(): string {
  return join(cupbearerHome(), 'runs');
}

/** The folder for new runs. */
export function runsFolder({ runsDir }: Settings): string {
  return runsDir ?? defaultRunsFolder();
}
