import type { AppInfo, Settings } from '../../shared/domain/settings.ts';
import { client } from './client.ts';

/** Read by public/theme.js before anything is painted. */
const themeKey = 'cupbearer:theme';

/** The user's settings and what the host is; null until they have come. */
class SettingsState {
  value = $state.raw<Settings | null>(null);
  info = $state.raw<AppInfo | null>(null);

  async load(): Promise<void> {
    const [value, info] = await Promise.all([client.app.settings({}), client.app.info({})]);
    this.#take(value);
    this.info = info;
  }

  /** Sets some of them; a function is given all as they are now, which another window may have changed. */
  async change(changes: Partial<Settings> | ((now: Settings) => Partial<Settings>)): Promise<void> {
    const patch = typeof changes === 'function' ? changes(await client.app.settings({})) : changes;
    // A theme is seen at once; the answer only confirms it.
    if (patch.theme) applyTheme(patch.theme);
    try {
      this.#take(await client.app.change(patch));
    } catch (error) {
      if (this.value) applyTheme(this.value.theme);
      throw error;
    }
    this.info = await client.app.info({});
  }

  async reset(): Promise<void> {
    this.#take(await client.app.resetSettings({}));
    this.info = await client.app.info({});
  }

  #take(value: Settings): void {
    this.value = value;
    applyTheme(value.theme);
  }
}

function applyTheme(theme: Settings['theme']): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(themeKey, theme);
  } catch {
    // Storage is switched off: the next start shows the system's theme until the settings have come.
  }
}

export const settings = new SettingsState();
