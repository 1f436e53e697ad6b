// Plain JavaScript, as is all that the launcher imports: it runs before Node.js can read TypeScript from its cache.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * What decides where the program keeps its own files; the running process unless a test says otherwise.
 * @typedef {object} Surroundings
 * @property {NodeJS.Platform} platform
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {string} home
 */

/** @returns {Surroundings} The surroundings of this process. */
export function here() {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/**
 * Returns the folder of the program's own files for this user: `CUPBEARER_HOME` if set, else the platform's place for
 * application data. It need not exist.
 * @param {Surroundings} surroundings
 * @returns {string}
 */
export function cupbearerHome(surroundings = here()) {
  const { env } = surroundings;
  return env['CUPBEARER_HOME'] ? resolve(env['CUPBEARER_HOME']) : platformHome(surroundings);
}

/**
 * Returns the platform's place for this user's application data, whatever the environment says of the program.
 * @param {Surroundings} surroundings
 * @returns {string}
 */
export function platformHome({ platform, env, home }) {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Cupbearer');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Cupbearer');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'cupbearer');
}
