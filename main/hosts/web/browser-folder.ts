import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cupbearerHome } from '../../storage/home.ts';

/** Desktops answer in some tens of milliseconds. */
const patienceMs = 1000;

/**
 * Resolves with a folder for files that the user's browser opens: one of the program's own, or of the browser's own if
 * it comes as a snap, which reads no hidden folders.
 */
export async function browserFolder(): Promise<string> {
  const snap =
    process.platform === 'linux' ? /^([a-z0-9-]+)_.*\.desktop$/.exec(await defaultBrowser())?.[1] : undefined;
  if (snap !== undefined) {
    const common = join(homedir(), 'snap', snap, 'common');
    if (existsSync(common)) return join(common, 'cupbearer-sign-in');
  }
  return join(cupbearerHome(), 'sign-in');
}

/** The desktop file of the user's browser ("firefox_firefox.desktop"); "" if the desktop does not say. */
function defaultBrowser(): Promise<string> {
  return new Promise((resolve) => {
    execFile('xdg-settings', ['get', 'default-web-browser'], { timeout: patienceMs }, (error, stdout) =>
      resolve(error ? '' : stdout.trim()),
    );
  });
}
