import { CupbearerError } from '../../shared/errors.ts';
import type { DescribedDefinition } from '../../shared/plugin/description.ts';
import { checkProgram } from './compatible.ts';
import { readContent, type PluginContent } from './content.ts';
import { describePlugin } from './describe-plugin.ts';
import type { PluginOptions } from './plugin-process.ts';
import {
  changePlugin,
  changePlugins,
  currentVersion,
  installedPlugin,
  installedPlugins,
  launchOf,
  type InstalledPlugin,
} from './plugin-store.ts';
import { keepSnapshot, keptDescription } from './snapshot.ts';
import { programVersion } from '../storage/program-version.ts';

/** Puts a plugin on the list, off and not allowed. Runs nothing. @throws CupbearerError as {@link readContent}, `conflict` for an id that is there. */
export async function addPlugin(folder: string): Promise<PluginContent> {
  const content = readContent(folder);
  const { manifest } = content;
  checkProgram(manifest);
  await changePlugins((plugins) => {
    const other = plugins.find(({ id }) => id === manifest.id);
    if (other?.folder === folder) return plugins;
    if (other)
      throw new CupbearerError('conflict', `There is a plugin "${manifest.id}" already, in "${other.folder}".`, {
        hint: `npx cupbearer plugin remove ${manifest.id} makes room for it.`,
      });
    return [...plugins, { id: manifest.id, folder, isDevelopment: false, isEnabled: false, allowed: [] }];
  });
  return content;
}

/** What a person allows. */
export interface Consent {
  /** Of exactly these files. */
  hash: string;
  /** The interpreter that a plugin in Python runs in. */
  python?: string | undefined;
  /** Whether what is saved in its folder from now on is allowed as well. */
  isDevelopment: boolean;
}

/**
 * Allows a plugin's files as they are, if they are still those that a person has seen, and switches it on.
 * @throws CupbearerError `conflict` if they have changed since.
 */
export async function allowPlugin(id: string, { hash, python, isDevelopment }: Consent): Promise<void> {
  const content = readContent(installedPlugin(id).folder);
  if (content.hash !== hash)
    throw new CupbearerError('conflict', `The files of the plugin "${id}" have changed since they were shown.`, {
      hint: 'Look at them again.',
    });
  await take(id, content);
  await changePlugin(id, (plugin) => ({
    ...plugin,
    isDevelopment,
    isEnabled: true,
    ...(python === undefined ? {} : { python }),
  }));
}

/** Has a content be the one in use. */
async function take(id: string, content: PluginContent): Promise<void> {
  if (content.manifest.id !== id)
    throw new CupbearerError('bad-data', `The plugin "${id}" calls itself "${content.manifest.id}" now.`, {
      hint: 'Remove it and add it again.',
    });
  checkProgram(content.manifest);
  keepSnapshot(content);
  const allowed = { hash: content.hash, version: content.manifest.version, at: new Date().toISOString() };
  await changePlugin(id, (plugin) =>
    plugin.allowed.at(-1)?.hash === content.hash
      ? plugin
      : { ...plugin, allowed: [...plugin.allowed.filter((each) => each.hash !== content.hash), allowed] },
  );
}

/** Takes what was saved in a folder of one's own. Resolves with whether it had changed. @throws CupbearerError as reading it. */
export async function takeDevelopment(id: string): Promise<boolean> {
  const plugin = installedPlugin(id);
  if (!plugin.isDevelopment || !plugin.isEnabled) return false;
  const content = readContent(plugin.folder);
  if (plugin.allowed.at(-1)?.hash === content.hash) return false;
  await take(id, content);
  return true;
}

/**
 * Asks the content in use what it adds, unless this version of the program knows. @throws CupbearerError with file and line.
 */
export async function learnAdditions(id: string, options: PluginOptions = {}): Promise<readonly DescribedDefinition[]> {
  const plugin = installedPlugin(id);
  const version = currentVersion(plugin);
  if (!version) throw new CupbearerError('usage', `The plugin "${id}" was never allowed.`);
  const kept = keptDescription(version.hash, programVersion());
  if (kept) return kept;
  const described = await describePlugin(launchOf(version), options);
  // Processes look at the list, not at the snapshots, to see whether anything has changed.
  await changePlugin(id, (same) => same);
  return described;
}

export async function setEnabled(id: string, isEnabled: boolean): Promise<void> {
  const { allowed } = installedPlugin(id);
  if (isEnabled && allowed.length === 0)
    throw new CupbearerError('usage', `The plugin "${id}" was never allowed.`, {
      hint: `npx cupbearer plugin allow ${id} shows what it is and asks.`,
    });
  await changePlugin(id, (plugin) => ({ ...plugin, isEnabled }));
}

export async function choosePython(id: string, python: string): Promise<void> {
  await changePlugin(id, (plugin) => ({ ...plugin, python }));
}

/** Takes a plugin off the list. Its folder and the snapshots, which runs refer to, stay. */
export async function removePlugin(id: string): Promise<void> {
  installedPlugin(id);
  await changePlugins((plugins) => plugins.filter((plugin) => plugin.id !== id));
}

/** Plugins of which something must be read or run before what they add is known. */
export function unsettledPlugins(): InstalledPlugin[] {
  return installedPlugins().filter((plugin) => {
    const version = currentVersion(plugin);
    const isKnown = version && keptDescription(version.hash, programVersion());
    return plugin.isEnabled && version && (plugin.isDevelopment || !isKnown);
  });
}
