import type { PluginCheck } from '../../shared/domain/plugin.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { readContent, type PluginContent } from './content.ts';
import type { PluginLaunch } from './plugin-launch.ts';
import { describePlugin } from './describe-plugin.ts';
import { keepOutcome, shownError } from './plugin-outcomes.ts';
import { changePlugin, installedPlugin, type InstalledPlugin } from './plugin-store.ts';
import { contentFolder, keepSnapshot, keptDescription } from './snapshot.ts';

interface TakeOptions {
  /** The version of the program. */
  program: string;
  signal?: AbortSignal | undefined;
}

/**
 * Allows exactly this content of a plugin, and says how it runs.
 * @throws CupbearerError `conflict` where its files are others by now; `usage` for Python without an environment.
 */
export async function allowContent(
  id: string,
  { hash, isDevelopment, python }: { hash: string; isDevelopment: boolean; python?: string | undefined },
): Promise<void> {
  const { folder } = installedPlugin(id);
  const content = readContent(folder);
  if (content.hash !== hash || content.manifest.id !== id) {
    throw new CupbearerError('conflict', `The files of the plugin "${id}" have changed since they were shown.`, {
      hint: 'Look at what they are now.',
    });
  }
  if (content.manifest.language === 'python' && python === undefined)
    throw new CupbearerError('usage', `The plugin "${id}" needs a Python that it runs in.`);
  keepSnapshot(content);
  await changePlugin(id, (plugin) => ({
    ...plugin,
    isDevelopment,
    isEnabled: true,
    allowed: withLast(plugin, content),
    ...given({ python }),
  }));
}

/**
 * Has the content of a plugin described, unless it was; of one's own folder, that of its files as they are, which are allowed from
 * then on. What is wrong with it is kept as its outcome. Returns what is in use then.
 */
export async function takeContent(id: string, { program, signal }: TakeOptions): Promise<PluginLaunch | undefined> {
  const plugin = installedPlugin(id);
  if (!plugin.isEnabled) return undefined;
  const content = readContent(plugin.folder);
  const isAllowed = plugin.allowed.at(-1)?.hash === content.hash;
  if (!isAllowed && !(plugin.isDevelopment && plugin.allowed.length > 0)) return undefined;
  keepSnapshot(content);
  const launch = launchOfContent(plugin, content);
  try {
    if (!keptDescription(content.hash, program)) await describePlugin(launch, given({ signal }));
  } catch (error) {
    if (!(error instanceof CupbearerError) || error.code === 'cancelled') throw error;
    keepOutcome(content.hash, {
      at: new Date().toISOString(),
      error: shownError(error, plugin.folder),
      ...given({ python: plugin.python }),
    });
    return undefined;
  }
  keepOutcome(content.hash, { at: new Date().toISOString(), ...given({ python: plugin.python }) });
  if (!isAllowed) await changePlugin(id, (now) => ({ ...now, allowed: withLast(now, content) }));
  return launch;
}

/** Keeps what the checks of a content have found. */
export function keepChecks(hash: string, checks: PluginCheck[], seconds: number): void {
  keepOutcome(hash, { at: new Date().toISOString(), checks, seconds });
}

function launchOfContent({ id, folder, python }: InstalledPlugin, { hash, manifest }: PluginContent): PluginLaunch {
  const version = { id, version: manifest.version, hash };
  return { version, manifest, folder, content: contentFolder(hash), python };
}

function withLast(plugin: InstalledPlugin, { hash, manifest }: PluginContent): InstalledPlugin['allowed'] {
  const others = plugin.allowed.filter((each) => each.hash !== hash);
  return [...others, { hash, version: manifest.version, at: new Date().toISOString() }];
}
