import { isAbsolute, join, relative, sep } from 'node:path';
import { CupbearerError, type ErrorCode } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { commandText, shellOf } from '../../shared/shell.ts';
import type { PluginFault } from './messages.ts';
import type { PluginLaunch } from './plugin-launch.ts';

/** Packages that pip calls otherwise than programs do. */
const pipNames: Readonly<Record<string, string>> = {
  sklearn: 'scikit-learn',
  PIL: 'pillow',
  cv2: 'opencv-python',
  yaml: 'pyyaml',
  skimage: 'scikit-image',
  umap: 'umap-learn',
};

/** Returns the error of a run whose plugin did something that it must not do, or ended. */
export function pluginError(
  { version, folder }: PluginLaunch,
  what: string,
  { code = 'plugin', hint, details }: { code?: ErrorCode; hint?: string | undefined; details?: object } = {},
): CupbearerError {
  return new CupbearerError(code, `The plugin "${version.id}" ${what}`, {
    hint,
    details: { plugin: version.id, plugin_version: version.version, plugin_hash: version.hash, folder, ...details },
  });
}

/** Returns the error of what a plugin says went wrong in it, with file and line in its author's folder. */
export function faultError(launch: PluginLaunch, fault: PluginFault): CupbearerError {
  if (fault.cancelled) return pluginError(launch, 'was cancelled.', { code: 'cancelled' });
  const file = fault.file === undefined ? undefined : authorsPath(launch, fault.file);
  const place = file === undefined ? '' : ` (${shortPath(launch, file)}${fault.line ? `:${fault.line}` : ''})`;
  const message = inAuthorsFolder(launch, fault.message);
  return pluginError(launch, `failed${place}: ${message}${/[.!?]$/.test(message) ? '' : '.'}`, {
    hint: fault.missing === undefined ? undefined : installHint(launch, fault.missing),
    details: given({
      file,
      line: fault.line,
      place: fault.place,
      missing: fault.missing,
      traceback: fault.traceback && inAuthorsFolder(launch, fault.traceback),
    }),
  });
}

/** Replaces paths of the snapshot, which the author never saw, by those of the author's folder. */
export function inAuthorsFolder({ content, folder }: PluginLaunch, text: string): string {
  return text.replaceAll(content + sep, folder + sep);
}

function authorsPath({ content, folder }: PluginLaunch, file: string): string {
  const path = isAbsolute(file) ? file : join(content, file);
  const inside = relative(content, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : join(folder, inside);
}

function shortPath({ folder }: PluginLaunch, file: string): string {
  const inside = relative(folder, file);
  return inside.startsWith('..') || isAbsolute(inside) ? file : inside;
}

function installHint({ manifest, folder, python = 'python3' }: PluginLaunch, missing: string): string | undefined {
  if (manifest.language === 'typescript')
    return commandHint('Install it in the plugin’s folder', ['npm', 'install', '--prefix', folder, missing]);
  const top = missing.split('.')[0]!;
  const named = manifest.packages?.find((name) => name.split(/[[<>=!~]/)[0]!.replaceAll('-', '_') === top);
  const words = [python, '-m', 'pip', 'install', named ?? pipNames[top] ?? top];
  return commandHint('Install it in the environment that the plugin runs in', words);
}

/** Undefined where a name is such that no command should hold it. */
function commandHint(what: string, words: readonly string[]): string | undefined {
  try {
    return `${what}: ${commandText(words, shellOf(process.platform))}`;
  } catch {
    return undefined;
  }
}
