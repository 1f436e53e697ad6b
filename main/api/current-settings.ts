import type { Settings } from '../../shared/domain/settings.ts';

/** The user's settings. Read them each time they are needed, because they may change at any time. */
export interface CurrentSettings {
  current(): Settings;
}
