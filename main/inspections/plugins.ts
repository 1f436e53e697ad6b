import { join } from 'node:path';
import { given } from '../../shared/given.ts';
import type { NewPlugin, PluginChange, PluginSummary, PythonEnvironment } from '../../shared/domain/plugin.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { addFolder, addRepository, addZip, discardSources } from '../plugins/add-plugin.ts';
import { isContent, mostPluginFiles, readContent } from '../plugins/content.ts';
import { environmentOf, findEnvironments, type PythonNeeds } from '../plugins/environments.ts';
import { FolderWatch, type WatchedFolder } from '../plugins/folder-watch.ts';
import { createPlugin } from '../plugins/new-plugin.ts';
import { programVersion } from '../storage/program-version.ts';
import {
  changePlugin,
  changePlugins,
  installedPlugin,
  installedPlugins,
  type InstalledPlugin,
} from '../plugins/plugin-store.ts';
import { changedPlaces, keptFiles, pluginSummary } from '../plugins/plugin-summary.ts';
import { checkFolder } from '../plugins/checks/check-folder.ts';
import { keptOutcome } from '../plugins/plugin-outcomes.ts';
import { allowContent, keepChecks, takeContent } from '../plugins/take-plugin.ts';
import type { InspectionContext } from './inspection.ts';

interface Named {
  id: string;
}

/** Longer texts nobody reads before allowing them. */
const mostTextBytes = 200_000;
/** Of so many files the text is shown. */
const mostTexts = 200;

const watch = new FolderWatch(isContent, mostPluginFiles);

/** What was found of interpreters: asking each again would take longer than all the rest of a list. */
const environments = new Map<string, PythonEnvironment>();

/** All plugins as their files are now, in the order in which they were added. */
export async function pluginSummaries(): Promise<PluginSummary[]> {
  const plugins = installedPlugins();
  const program = programVersion();
  const summaries: PluginSummary[] = [];
  for (const plugin of plugins) {
    const environment = await knownEnvironment(plugin);
    summaries.push(pluginSummary(plugin, { program, environment }));
  }
  return summaries;
}

async function knownEnvironment(plugin: InstalledPlugin): Promise<PythonEnvironment | undefined> {
  const { python, folder } = plugin;
  if (python === undefined) return undefined;
  const key = JSON.stringify([python, folder]);
  const known = environments.get(key);
  if (known) return known;
  const found = await environmentOf(python, needsOf(plugin));
  environments.set(key, found);
  return found;
}

/** What a plugin needs of its environment; only where it is, while its files cannot be read. */
function needsOf({ folder }: InstalledPlugin): PythonNeeds {
  try {
    return { folder, ...readContent(folder).manifest };
  } catch (error) {
    if (error instanceof CupbearerError) return { folder };
    throw error;
  }
}

/** Where a plugin is added from: a folder, a zip, or a Git repository. */
type Source = { folder: string } | { zip: string } | { url: string };

/** Lists a plugin, off until its content is allowed. @throws CupbearerError as `addFolder`, `addZip`, `addRepository`. */
export async function addPlugin({ source }: { source: Source }, { signal }: InspectionContext): Promise<Named> {
  if ('folder' in source) return { id: await addFolder(source.folder) };
  if ('zip' in source) return { id: await addZip(source.zip) };
  return { id: await addRepository(source.url, { signal }) };
}

/** Makes a new plugin in a folder of its own, and lists it as one's own. @throws CupbearerError as `createPlugin`. */
export async function makePlugin({ folder, ...wanted }: NewPlugin): Promise<Named> {
  const own = join(folder, wanted.id);
  createPlugin({ ...wanted, folder: own });
  return { id: await addFolder(own, { isDevelopment: true }) };
}

/** Runs the checks on a plugin's folder, and keeps what they find. @throws CupbearerError as reading its content. */
export async function checkPlugin({ id }: Named, { signal }: InspectionContext): Promise<void> {
  const { folder, python, isEnabled, allowed } = installedPlugin(id);
  const { hash } = readContent(folder);
  if (!isEnabled || allowed.at(-1)?.hash !== hash || keptOutcome(hash)?.error) return;
  const start = performance.now();
  const { error, checks } = await checkFolder(folder, { signal, ...given({ python }) });
  if (!error) keepChecks(hash, [...checks], (performance.now() - start) / 1000);
}

interface Allowed extends Named {
  hash: string;
  isDevelopment: boolean;
  python?: string | undefined;
}

/** @throws CupbearerError `usage` for an interpreter that was not offered; as `allowContent`. */
export async function allowPlugin({ id, ...wanted }: Allowed): Promise<void> {
  if (wanted.python !== undefined) await refuseUnknown(id, wanted.python);
  await allowContent(id, wanted);
}

/** @throws CupbearerError `not-found`. */
export function enablePlugin({ id, enabled }: Named & { enabled: boolean }): Promise<void> {
  return changePlugin(id, (plugin) => ({ ...plugin, isEnabled: enabled }));
}

/** @throws CupbearerError `not-found`; `usage` for an interpreter that was not offered. */
export async function choosePython({ id, python }: Named & { python: string }): Promise<void> {
  await refuseUnknown(id, python);
  await changePlugin(id, (plugin) => ({ ...plugin, python }));
}

/** The Pythons that a plugin could run in. @throws CupbearerError `not-found`. */
export async function pluginEnvironments({ id }: Named): Promise<PythonEnvironment[]> {
  environments.clear();
  return findEnvironments(needsOf(installedPlugin(id)));
}

async function refuseUnknown(id: string, python: string): Promise<void> {
  const plugin = installedPlugin(id);
  if (plugin.python === python) return;
  const found = await findEnvironments(needsOf(plugin));
  if (found.some((each) => each.python === python)) return;
  throw new CupbearerError('usage', `"${python}" is none of the Pythons that were found.`);
}

/** Takes a plugin off the list. Its folder stays, unless the program made it of a zip or a repository. */
export async function removePlugin({ id }: Named): Promise<void> {
  const plugin = installedPlugin(id);
  await changePlugins((plugins) => plugins.filter((each) => each.id !== id));
  discardSources(plugin);
}

/** Has what a plugin's files are now described, as far as they are allowed. @throws CupbearerError as reading its content. */
export async function takePlugin({ id }: Named, { signal }: InspectionContext): Promise<void> {
  await takeContent(id, { program: programVersion(), signal });
}

/** Resolves with the ids of plugins whose folders have changed since the last question. @throws when cancelled. */
export async function awaitPluginChanges(
  { folders }: { folders: readonly WatchedFolder[] },
  { signal }: InspectionContext,
): Promise<{ changed: string[] }> {
  return { changed: await watch.changed(folders, signal) };
}

/** The files of a plugin that differ from what was last allowed, with their text. @throws CupbearerError as reading its content. */
export function pluginChanges({ id }: Named): PluginChange[] {
  const plugin = installedPlugin(id);
  const content = readContent(plugin.folder);
  const last = plugin.allowed.at(-1)?.hash ?? '';
  const before = last === '' ? new Map<string, Uint8Array>() : keptFiles(last);
  const after = new Map(content.files.map(({ place, bytes }) => [place, bytes]));
  const places = last === '' ? [...after.keys()] : changedPlaces(content, last);
  return places.map((path, i) => {
    const [then, now] = [before.get(path), after.get(path)];
    const isShown = i < mostTexts;
    return {
      path,
      what: then === undefined ? 'added' : now === undefined ? 'removed' : 'changed',
      before: isShown ? textOf(then) : null,
      after: isShown ? textOf(now) : null,
    };
  });
}

function textOf(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined || bytes.length > mostTextBytes || bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
