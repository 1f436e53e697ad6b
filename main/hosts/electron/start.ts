/** `npm start`: opens the desktop program, or serves its pages where it cannot be opened, and says why. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasDisplay } from '../web/open-browser.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(import.meta.url);

/** How long the download of Electron's binary may take. */
const downloadMs = 300_000;

/** The path of Electron's binary in its package's folder; undefined where it has not been fetched, or not all of it. */
export function electronBinary(folder: string): string | undefined {
  // Its package writes this file once everything is in place.
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const path = join(folder, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(path) ? path : undefined;
}

/** Why the desktop program cannot be opened here; undefined where it can. Fetches the binary where it is missing. */
export async function whyNotDesktop(
  folder: string,
  display: boolean,
  fetchBinary: (folder: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (!display) return 'There is no display here';
  if (electronBinary(folder) !== undefined || (await fetchBinary(folder))) return undefined;
  return 'Electron is not here and could not be downloaded';
}

/** Runs the package's own download; whether the binary is there then. */
async function download(folder: string): Promise<boolean> {
  process.stderr.write('Fetching Electron, once (about 100 MB)\n');
  await ended(spawn(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: downloadMs }));
  return electronBinary(folder) !== undefined;
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function start(args: readonly string[]): Promise<number> {
  const folder = dirname(require.resolve('electron/package.json'));
  const reason = await whyNotDesktop(folder, hasDisplay(), download);
  const command =
    reason === undefined
      ? ([electronBinary(folder)!, [root, ...args]] as const)
      : ([process.execPath, [join(root, 'main', 'hosts', 'cli', 'launch.mjs'), 'serve', ...args]] as const);
  if (reason !== undefined) process.stderr.write(`${reason}, so the program is served for a browser instead.\n`);
  const child = spawn(command[0], command[1], { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal, which ends in its own time.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return ended(child);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await start(process.argv.slice(2));
