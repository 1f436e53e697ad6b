import { versionWords } from '../../../shared/plugin/recorded-version.ts';
import { toErrorRecord } from '../../../shared/errors.ts';
import { arePluginsOff, currentVersion, installedPlugins, storeTime } from '../../plugins/plugin-store.ts';
import { keptDescription } from '../../plugins/snapshot.ts';
import { refreshPlugins } from '../../runs/plugins.ts';
import { programVersion } from '../../storage/program-version.ts';
import type { Output } from './output.ts';

/**
 * Makes what plugins add known to this command: what was saved in folders of one's own is taken, and what is new is asked what it adds. A
 * plugin that fails is named, and the command goes on without it.
 */
export async function readyPlugins(output: Output): Promise<void> {
  if (storeTime() === 0 || arePluginsOff()) return;
  const program = programVersion();
  for (const plugin of installedPlugins()) {
    const version = currentVersion(plugin);
    if (!plugin.isEnabled || !version) continue;
    if (!plugin.isDevelopment && keptDescription(version.hash, program)) continue;
    const problem = await taken(plugin.id, program);
    if (problem !== undefined) output.note(`Plugin "${plugin.id}": ${problem}`);
  }
  for (const { plugin, problem } of refreshPlugins())
    output.note(`Plugin ${versionWords(plugin)} is left out: ${problem}`);
}

/** Takes the content of a plugin's folder, if it may; returns what is wrong with it. */
async function taken(id: string, program: string): Promise<string | undefined> {
  const { takeContent } = await import('../../plugins/take-plugin.ts');
  const { readContent } = await import('../../plugins/content.ts');
  const { keptOutcome } = await import('../../plugins/plugin-outcomes.ts');
  try {
    if (await takeContent(id, { program })) return undefined;
    const plugin = installedPlugins().find((each) => each.id === id)!;
    const { hash } = readContent(plugin.folder);
    const error = keptOutcome(hash)?.error;
    if (!error) return undefined;
    const place =
      error.file === undefined ? '' : ` (${error.file}${error.line === undefined ? '' : `, line ${error.line}`})`;
    const now = currentVersion(plugin);
    const instead = now && now.hash !== hash ? ` ${versionWords(now)} is used.` : '';
    return `${error.message}${place}${error.hint === undefined ? '' : ` ${error.hint}`}${instead}`;
  } catch (error) {
    return toErrorRecord(error).message;
  }
}
