/**
 * Entry point of the process that runs a plugin written in TypeScript (docs/plugins.md, "Protocol"). Questions come on file
 * descriptor 3, answers leave on 4; what the plugin prints is its own.
 */
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { PluginSession } from './plugin-session.ts';

const questions = 3;

// A plugin that computes without pause does not see that its program is gone.
const watcher = new Worker(new URL('../jobs/host-watcher.mjs', import.meta.url), {
  workerData: { host: process.ppid, parent: process.ppid },
  execArgv: [],
  env: {},
  resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 },
});
watcher.on('error', () => process.exit(1));
watcher.unref();

// Otherwise what a loop prints piles up in memory, and last words are lost.
for (const stream of [process.stdout, process.stderr])
  (stream as { _handle?: { setBlocking?(isBlocking: boolean): void } })._handle?.setBlocking?.(true);

const session = new PluginSession(process.env['CUPBEARER_PLUGIN_FOLDER'] ?? process.cwd());
const input = new Socket({ fd: questions, readable: true, writable: false });
input.on('data', (chunk: Buffer) => session.take(chunk));
input.on('close', () => process.exit());
