/** `npm start`: opens the desktop program; if it cannot be opened, says why and serves its pages instead. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMarker } from '../../storage/run-marker.ts';
import { hasDisplay } from '../web/open-browser.ts';
import { sandboxFacts, whyNoSandbox, type NoSandbox } from './sandbox.ts';
import { shownMessage } from './shown-message.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(import.meta.url);

/** How long the download of Electron's binary may take. */
const downloadMs = 300_000;

/** Chromium's own switch. Users who pass it know what it means; the program never does. */
const noSandboxSwitch = '--no-sandbox';

/** The path of Electron's binary in its package's folder; undefined if it has not been fetched, or not all of it. */
export function electronBinary(folder: string): string | undefined {
  // Its package writes this file once everything is in place.
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const path = join(folder, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(path) ? path : undefined;
}

/** What `npm start` finds out before it opens anything. */
interface Surroundings {
  display: boolean;
  /** Gets the binary into the folder; whether it is there then. */
  fetchBinary: (folder: string) => Promise<boolean>;
  /** Why Chromium would refuse to start the binary. */
  noSandbox: (binary: string) => NoSandbox | undefined;
}

/** Why the desktop program cannot be opened here; undefined if it can. Fetches the binary if it is missing. */
export async function whyNotDesktop(
  folder: string,
  { display, fetchBinary, noSandbox }: Surroundings,
): Promise<NoSandbox | { reason: string; remedy?: undefined } | undefined> {
  if (!display) return { reason: 'There is no display here' };
  if (electronBinary(folder) === undefined && !(await fetchBinary(folder)))
    return { reason: 'Electron is not here and could not be downloaded' };
  const binary = electronBinary(folder);
  return binary === undefined ? undefined : noSandbox(binary);
}

/** Runs the package's own download; whether the binary is there then. */
async function download(folder: string): Promise<boolean> {
  process.stderr.write('Fetching Electron, once (about 100 MB)\n');
  await ended(spawn(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: downloadMs }));
  return electronBinary(folder) !== undefined;
}

/** How a child ended: its exit code, or 1 with the reason. */
interface End {
  code: number;
  how: string;
}

function ended(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve({ code: 1, how: message }));
    child.on('close', (code, signal) => resolve({ code: code ?? 1, how: signal ?? `exit code ${code}` }));
  });
}

/** Forwards this process's signals to a child. Resolves with how it ended, and whether it was told to. */
async function follow(child: ChildProcess): Promise<End & { wasStopped: boolean }> {
  let wasStopped = false;
  const onSignal = (signal: NodeJS.Signals) => {
    wasStopped = true;
    // Ctrl-C reaches the child by the terminal, which ends in its own time.
    if (signal !== 'SIGINT') child.kill(signal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const end = await ended(child);
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  return { ...end, wasStopped };
}

/**
 * Runs the desktop program to its end. Returns why the user has seen nothing of it; undefined if its window, or a
 * message, was there, if it runs already, or if it was told to end.
 */
export async function runDesktop(binary: string, args: readonly string[]): Promise<{ code: number; fault?: string }> {
  const child = spawn(binary, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  let wasSeen = false;
  child.on('message', (message) => (wasSeen ||= message === shownMessage));
  const { code, how, wasStopped } = await follow(child);
  return wasSeen || wasStopped || code === 0
    ? { code }
    : { code, fault: `Electron ended before its window opened (${how})` };
}

/** Serves the program in a browser. */
async function serve(args: readonly string[]): Promise<number> {
  const own = args.filter((arg) => arg !== noSandboxSwitch && !arg.endsWith(runMarker.extension));
  const launcher = join(root, 'main', 'hosts', 'cli', 'launch.mjs');
  return (await follow(spawn(process.execPath, [launcher, 'serve', ...own], { stdio: 'inherit' }))).code;
}

async function start(args: readonly string[]): Promise<number> {
  const folder = dirname(require.resolve('electron/package.json'));
  const refusal = await whyNotDesktop(folder, {
    display: hasDisplay(),
    fetchBinary: download,
    noSandbox: (binary) => {
      const facts = args.includes(noSandboxSwitch) ? undefined : sandboxFacts(binary);
      return facts && whyNoSandbox(facts, binary);
    },
  });
  if (refusal === undefined) {
    const { code, fault } = await runDesktop(electronBinary(folder)!, [root, ...args]);
    if (fault === undefined) return code;
    tell(`${fault}, so the program is served for a browser instead. docs/installers.md says what may be the cause.`);
  } else {
    tell(`${refusal.reason}, so the program is served for a browser instead.`);
    if (refusal.remedy !== undefined) tell(`${refusal.remedy}\n`);
  }
  return serve(args);
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await start(process.argv.slice(2));
