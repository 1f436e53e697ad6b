import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What decides where the program keeps its own files; the running process unless a test says otherwise. */
export interface Surroundings {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

function here(): Surroundings {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/**
 * The folder of the program's own files for this user: `CUPBEARER_HOME` if set, else the platform's place for
 * application data. It need not exist.
 */
export function cupbearerHome(surroundings: Surroundings = here()): string {
  const { platform, env, home } = surroundings;
  if (env['CUPBEARER_HOME']) return resolve(env['CUPBEARER_HOME']);
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Cupbearer');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Cupbearer');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'cupbearer');
}

/** The catalogue's file. */
export function cataloguePath(home: string = cupbearerHome()): string {
  return join(home, 'catalogue.sqlite');
}
