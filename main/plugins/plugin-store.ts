import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import {
  definitionId,
  manifestName,
  manifestSchema,
  type PluginManifest,
  type PluginVersion,
} from '../../shared/plugin/manifest.ts';
import { versionWords } from '../../shared/plugin/recorded-version.ts';
import { command, worded } from '../../shared/wording.ts';
import { createNewFolder } from '../storage/create-folder.ts';
import { cupbearerHome } from '../storage/home.ts';
import { toJsonText } from '../storage/json-text.ts';
import { createPrivateFolder, writePrivateFile } from '../storage/private-files.ts';
import { readJsonFile } from '../storage/read-file.ts';
import { isThere, within } from '../storage/within-folder.ts';
import type { PluginLaunch } from './plugin-launch.ts';
import { contentFolder } from './snapshot.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const installedSchema = z.strictObject({
  id: definitionId,
  /** Where the author's files are. */
  folder: z.string().min(1).max(4_096),
  /** One's own folder: what is saved in it is allowed without asking. */
  isDevelopment: z.boolean(),
  isEnabled: z.boolean(),
  /** What was ever allowed, the last one last. */
  allowed: z.array(z.strictObject({ hash, version: z.string().max(64), at: z.iso.datetime() })).max(1_000),
  /** The interpreter that it runs in. */
  python: z.string().max(4_096).optional(),
});
/** A plugin that was added, whatever its state. */
export type InstalledPlugin = z.infer<typeof installedSchema>;

const storeSchema = z.strictObject({ version: z.literal(1), plugins: z.array(installedSchema).max(1_000) });

/** Most contents of a plugin that are remembered as allowed. */
const mostAllowed = 100;
/** How long another process may be at it, and after which its lock is that of a killed one. */
const lockPatienceMs = 5_000;
const staleLockMs = 10_000;

function storePath(home: string): string {
  return join(home, 'plugins', 'plugins.json');
}

/** Set where plugins do not run at all: a server that was not told to allow them. Its processes inherit it. */
export const pluginsOffVariable = 'CUPBEARER_PLUGINS_OFF';

/** Whether plugins run in this process and in those that it starts. */
export function arePluginsOff(): boolean {
  return process.env[pluginsOffVariable] === '1';
}

/** All plugins that were added. @throws CupbearerError `bad-data` for a file that is damaged. */
export function installedPlugins(home: string = cupbearerHome()): readonly InstalledPlugin[] {
  const path = storePath(home);
  if (!isThere(path)) return [];
  const read = storeSchema.safeParse(readJsonFile(path));
  if (read.success) return read.data.plugins;
  throw new CupbearerError('bad-data', `The list of plugins in "${path}" cannot be read.`, {
    hint: 'Move the file away and add the plugins again.',
  });
}

/** When the list was last changed, in milliseconds; 0 where there is none, or where it cannot be looked at. */
export function storeTime(home: string = cupbearerHome()): number {
  const path = storePath(home);
  return isThere(path) ? statSync(path).mtimeMs : 0;
}

/** @throws CupbearerError `not-found` if no plugin of this id was added. */
export function installedPlugin(id: string, home: string = cupbearerHome()): InstalledPlugin {
  const plugins = installedPlugins(home);
  const found = plugins.find((plugin) => plugin.id === id);
  if (found) return found;
  throw new CupbearerError(
    'not-found',
    `There is no plugin "${id}". Added: ${plugins.map((each) => each.id).join(', ') || 'none'}.`,
    {
      hint: worded`${command('npx cupbearer plugin add FOLDER adds one.', 'Add it on the screen Plugins.')}`,
    },
  );
}

/** Changes the list; several processes may do so at once. Resolves with the new list. */
export async function changePlugins(
  change: (plugins: readonly InstalledPlugin[]) => readonly InstalledPlugin[],
  home: string = cupbearerHome(),
): Promise<readonly InstalledPlugin[]> {
  createPrivateFolder(join(home, 'plugins'));
  const lock = join(home, 'plugins', 'plugins.lock');
  const start = Date.now();
  while (!createNewFolder(lock)) {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Date.now() - made > staleLockMs) rmSync(lock, { recursive: true, force: true });
    else if (Date.now() - start > lockPatienceMs)
      throw new CupbearerError('conflict', 'Another process is changing the list of plugins.', { hint: 'Try again.' });
    else await setTimeout(20);
  }
  try {
    const plugins = change(installedPlugins(home)).map(({ allowed, ...plugin }) => ({
      ...plugin,
      allowed: allowed.slice(-mostAllowed),
    }));
    writePrivateFile(storePath(home), toJsonText(storeSchema.parse({ version: 1, plugins })));
    return plugins;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Changes one plugin. @throws CupbearerError `not-found`. */
export async function changePlugin(
  id: string,
  change: (plugin: InstalledPlugin) => InstalledPlugin,
  home: string = cupbearerHome(),
): Promise<void> {
  installedPlugin(id, home);
  await changePlugins((plugins) => plugins.map((plugin) => (plugin.id === id ? change(plugin) : plugin)), home);
}

/** The content of a plugin that is in use: what was last allowed. */
export function currentVersion({ id, allowed }: InstalledPlugin): PluginVersion | undefined {
  const last = allowed.at(-1);
  return last && { id, version: last.version, hash: last.hash };
}

/** The contents that are in use here: what plans, forms and results of other contents differ by. */
export function contentsInUse(home: string = cupbearerHome()): PluginVersion[] {
  if (arePluginsOff()) return [];
  return installedPlugins(home)
    .filter(({ isEnabled }) => isEnabled)
    .map(currentVersion)
    .filter((version) => version !== undefined);
}

/** The manifest of a snapshot. @throws CupbearerError `not-found` if it is gone, `bad-data`. */
export function manifestOfSnapshot(version: PluginVersion, home: string = cupbearerHome()): PluginManifest {
  const place = within(contentFolder(version.hash, home), manifestName);
  if (!isThere(place))
    throw new CupbearerError('not-found', `The files of the plugin ${versionWords(version)} are gone.`, {
      hint: worded`${command('npx cupbearer plugin add FOLDER brings them back.', 'Adding the plugin again brings them back.')}`,
    });
  return manifestSchema.parse(readJsonFile(place));
}

/**
 * What a plugin is started with, exactly as a run was planned with it.
 * @throws CupbearerError `not-found` for one that was removed, `usage` for one that is off or whose content was never allowed.
 */
export function launchOf(version: PluginVersion, home: string = cupbearerHome()): PluginLaunch {
  const plugin = installedPlugin(version.id, home);
  const name = versionWords(version);
  if (arePluginsOff())
    throw new CupbearerError('usage', `Plugins do not run in this server, and a run needs ${name}.`, {
      hint: worded`${command('npx cupbearer serve --allow-plugins starts one in which they do.', 'One that was started by “npx cupbearer serve --allow-plugins” runs them.')}`,
    });
  if (!plugin.isEnabled)
    throw new CupbearerError('usage', `The plugin ${name} is switched off.`, {
      hint: worded`${command(`npx cupbearer plugin enable ${version.id} switches it on.`, 'Switch it on on the screen Plugins.')}`,
    });
  if (!plugin.allowed.some((each) => each.hash === version.hash))
    throw new CupbearerError('usage', `This content of the plugin ${name} was never allowed.`, {
      hint: worded`${command(`npx cupbearer plugin allow ${version.id} shows what it is and asks.`, 'Allow it on the screen Plugins.')}`,
    });
  return {
    version,
    manifest: manifestOfSnapshot(version, home),
    folder: plugin.folder,
    content: contentFolder(version.hash, home),
    python: plugin.python,
  };
}
