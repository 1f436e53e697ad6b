import { CupbearerError } from '../../shared/errors.ts';
import type { PluginManifest } from '../../shared/plugin/manifest.ts';
import { command, worded } from '../../shared/wording.ts';
import { findEnvironments } from './environments.ts';
import { installedPlugins } from './plugin-store.ts';

/** The Python that was chosen for a plugin, or the first that suits it. @throws CupbearerError `not-found`. */
export async function pythonFor(folder: string, manifest: PluginManifest): Promise<string> {
  const chosen = installedPlugins().find((plugin) => plugin.id === manifest.id && plugin.folder === folder)?.python;
  if (chosen !== undefined) return chosen;
  const found = await findEnvironments({ folder, ...manifest });
  const usable = found.filter(({ problem }) => problem === undefined);
  const python = (usable.find(({ missing }) => missing.length === 0) ?? usable[0])?.python;
  if (python !== undefined) return python;
  const why = found.map(({ title, problem }) => `${title}: ${problem}`).join(' ');
  throw new CupbearerError(
    'not-found',
    `No Python was found that the plugin "${manifest.id}" can run in. ${why}`.trim(),
    {
      hint: worded`${command('Name one with --python PATH.', 'Install Python 3.10 or later with numpy.')}`,
    },
  );
}
