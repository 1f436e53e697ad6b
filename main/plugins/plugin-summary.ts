import type { PluginError, PluginState, PluginSummary, PythonEnvironment } from '../../shared/domain/plugin.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { PluginManifest } from '../../shared/plugin/manifest.ts';
import { isFolder } from '../storage/is-folder.ts';
import { gitCommit, readContent, type PluginContent } from './content.ts';
import { currentVersion, manifestOfSnapshot, type InstalledPlugin } from './plugin-store.ts';
import { keptOutcome, shownError, type PluginOutcome } from './plugin-outcomes.ts';
import { contentFolder, keptDescription } from './snapshot.ts';

interface SummaryOptions {
  /** The version of the program, whose descriptions of plugins count. */
  program: string;
  /** The Python that it runs in. */
  environment: PythonEnvironment | undefined;
}

/** What lists and the consent show of a plugin as its files are now. Runs nothing. */
export function pluginSummary(plugin: InstalledPlugin, { program, environment }: SummaryOptions): PluginSummary {
  const { id, folder, isDevelopment, isEnabled } = plugin;
  const { content, fault } = read(folder, id);
  const last = plugin.allowed.at(-1);
  const manifest = content?.manifest ?? keptManifest(plugin);
  const outcome = content && plugin.isEnabled ? keptOutcome(content.hash) : undefined;
  const state = stateOf(plugin, { content, fault, outcome, program });
  const error = state === 'error' ? (fault ?? outcome?.error) : undefined;
  return {
    id,
    title: manifest?.title ?? id,
    version: manifest?.version ?? last?.version ?? '0.0.0',
    language: manifest?.language ?? 'typescript',
    folder,
    state,
    hash: content?.hash ?? last?.hash ?? '',
    files: content?.files.length ?? 0,
    bytes: content?.bytes ?? 0,
    adds: manifest?.adds ?? [],
    isDevelopment,
    isEnabled,
    waitingRuns: 0,
    ...given({
      author: manifest?.author,
      commit: gitCommit(folder),
      allowed: last && { ...last, changedFiles: content ? changedPlaces(content, last.hash).length : 0 },
      environment,
      error,
      checkedAt: outcome?.at,
      checks: outcome?.checks,
      checkSeconds: outcome?.seconds,
    }),
  };
}

/** Places of the files that differ from an earlier content, or are in one of both only; all where that is gone. */
export function changedPlaces(content: PluginContent, hash: string): string[] {
  if (content.hash === hash) return [];
  const earlier = keptFiles(hash);
  const now = new Map(content.files.map(({ place, bytes }) => [place, bytes]));
  const places = new Set([...now.keys(), ...earlier.keys()]);
  return [...places].filter((place) => !isSame(now.get(place), earlier.get(place))).sort();
}

/** The files of a content that was allowed; none where they are gone. */
export function keptFiles(hash: string): Map<string, Uint8Array> {
  try {
    return new Map(readContent(contentFolder(hash)).files.map(({ place, bytes }) => [place, bytes]));
  } catch (error) {
    if (error instanceof CupbearerError) return new Map();
    throw error;
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

/** The content of a folder, or what is wrong with it. */
function read(folder: string, id: string): { content?: PluginContent; fault?: PluginError } {
  try {
    const content = readContent(folder);
    if (content.manifest.id === id) return { content };
    const found = content.manifest.id;
    const message = `The plugin in "${folder}" calls itself "${found}" now; it was added as "${id}".`;
    return { fault: { message, hint: 'Remove it and add it again.' } };
  } catch (error) {
    if (error instanceof CupbearerError) return { fault: shownError(error, folder) };
    throw error;
  }
}

function keptManifest(plugin: InstalledPlugin): PluginManifest | undefined {
  const version = currentVersion(plugin);
  if (!version) return undefined;
  try {
    return manifestOfSnapshot(version);
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}

interface Found {
  content: PluginContent | undefined;
  fault: PluginError | undefined;
  outcome: PluginOutcome | undefined;
  program: string;
}

function stateOf(
  { folder, isDevelopment, isEnabled, allowed }: InstalledPlugin,
  { content, fault, outcome, program }: Found,
): PluginState {
  if (!isFolder(folder)) return 'gone';
  if (!isEnabled) return 'off';
  if (fault || !content) return 'error';
  const last = allowed.at(-1)?.hash;
  if (last === undefined || (last !== content.hash && !isDevelopment)) return 'ask';
  if (outcome?.error) return 'error';
  return last === content.hash && keptDescription(content.hash, program) ? 'ready' : 'checking';
}
