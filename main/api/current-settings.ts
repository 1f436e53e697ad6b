import type { Settings } from '../../shared/domain/settings.ts';

/** What the user has set; read again whenever it is needed, as it may change at any time. */
export interface CurrentSettings {
  current(): Settings;
}
