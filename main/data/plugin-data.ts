import type { Described } from '../../shared/plugin/description.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import type { PluginLaunch } from '../plugins/plugin-launch.ts';

/** A dataset of a plugin: exactly which, and how it is started. */
export interface PluginData {
  described: Described<'dataset'>;
  plugin: PluginVersion;
  launch: () => PluginLaunch | Promise<PluginLaunch>;
}
