import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { availableMemory } from 'node:process';
import { fileURLToPath } from 'node:url';
import { compileCacheFolder } from '../storage/compile-cache.mjs';
import { CupbearerError } from '../../shared/errors.ts';
import type { PluginManifest, PluginVersion } from '../../shared/plugin/manifest.ts';
import { command, worded } from '../../shared/wording.ts';

/** A plugin that is to be started: exactly which, where its files are, and with what. */
export interface PluginLaunch {
  version: PluginVersion;
  manifest: PluginManifest;
  /** The author's folder: what messages name, and where packages of JavaScript are looked for. */
  folder: string;
  /** The files that run: the snapshot of what was allowed. */
  content: string;
  /** Interpreter of the environment; Python alone has one. */
  python?: string | undefined;
}

/** What a plugin may take; a run that exceeds it fails. */
export interface PluginLimits {
  /** How long it may neither answer, ask for data nor report progress. */
  silentMs: number;
  /** The same while it starts and while its file is loaded. */
  startMs: number;
  memoryBytes: number;
  /** Of what it prints. */
  outputBytes: number;
}

const gibibyte = 2 ** 30;

export function limitsOf({ language, limits }: PluginManifest): PluginLimits {
  return {
    silentMs: (limits?.silent_seconds ?? 600) * 1000,
    // Importing PyTorch from a cold disk takes a minute.
    startMs: language === 'python' ? 120_000 : 30_000,
    memoryBytes: limits?.memory_gib === undefined ? availableMemory() * 0.8 : limits.memory_gib * gibibyte,
    outputBytes: 10_000_000,
  };
}

/** The root of the program, seen from here: as it is written, and as Electron runs it in a checkout. */
const roots = ['../../', '../../../../'] as const;

/** The folder of the Python package `cupbearer_bridge`: among an installed program's resources, or in the checkout. */
export function bridgeFolder(): string {
  const folders = [
    ...('resourcesPath' in process ? [join(String(process.resourcesPath), 'python')] : []),
    ...roots.map((root) => fileURLToPath(new URL(`${root}resources/python`, import.meta.url))),
  ];
  return folders.find((folder) => existsSync(folder)) ?? folders[0]!;
}

/**
 * Returns the Node.js that runs plugins in TypeScript, and what it runs. Electron reads no TypeScript, and its binary does not run as plain
 * Node.js; in a checkout the Node.js among the dependencies does.
 * @throws CupbearerError `usage` in an installed desktop program, which has none.
 */
export function typescriptRunner(
  versions: { electron?: string | undefined } = process.versions,
): [node: string, runner: string] {
  if (versions.electron === undefined)
    return [process.execPath, fileURLToPath(new URL('../authoring/runner.ts', import.meta.url))];
  const root = fileURLToPath(new URL(roots[1], import.meta.url));
  const runner = join(root, 'main', 'authoring', 'runner.ts');
  const node = ['node', 'node.exe']
    .map((name) => join(root, 'node_modules', 'node', 'bin', name))
    .find((path) => existsSync(path));
  if (node !== undefined && existsSync(runner)) return [node, runner];
  throw new CupbearerError(
    'usage',
    'The desktop program runs plugins in Python alone: it has no Node.js that reads TypeScript.',
    {
      hint: worded`Run it from a checkout, ${command('by npx cupbearer or npx cupbearer serve.', 'by “npx cupbearer” or “npx cupbearer serve”.')}`,
    },
  );
}

/** Variables that are about this process and not about those that it starts. */
const ownVariables = ['NODE_COMPILE_CACHE', 'NODE_OPTIONS', 'CUPBEARER_HOST', 'NODE_CHANNEL_FD'];

/** Returns how the process of a plugin is started. */
export function commandOf(
  { manifest, folder, python }: PluginLaunch,
  { memoryBytes }: PluginLimits,
): { command: string; args: string[]; env: NodeJS.ProcessEnv } {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ownVariables) delete env[name];
  if (manifest.language === 'python') {
    // Compiled files beside the snapshot's sources would be no part of what was allowed.
    Object.assign(env, { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' });
    env['PYTHONPATH'] = [bridgeFolder(), ...(env['PYTHONPATH'] ? [env['PYTHONPATH']] : [])].join(
      process.platform === 'win32' ? ';' : ':',
    );
    return { command: python ?? 'python3', args: ['-m', 'cupbearer_bridge.plugin.run'], env };
  }
  env['CUPBEARER_PLUGIN_FOLDER'] = folder;
  const cache = compileCacheFolder();
  if (cache !== undefined) env['NODE_COMPILE_CACHE'] = cache;
  const mebibytes = Math.max(64, Math.floor(memoryBytes / 2 ** 20));
  const [node, runner] = typescriptRunner();
  return {
    command: node,
    args: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${mebibytes}`, runner],
    env,
  };
}
