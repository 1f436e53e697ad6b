// Plain JavaScript, since the launcher imports it (see cupbearer-home.mjs).
import { join } from 'node:path';
import { cupbearerHome, here, platformHome } from './cupbearer-home.mjs';
import { privateFolder } from './private-folder.mjs';

/**
 * Returns the folder in which Node.js keeps compiled code, with which a process starts in half the time; undefined where
 * there is none that this user alone can write to. Node.js runs what it finds there and checks neither who wrote it nor,
 * beyond a checksum, what it is. A folder that the environment names is taken if it is as safe.
 * @param {import('./cupbearer-home.mjs').Surroundings} surroundings
 * @returns {string | undefined}
 */
export function compileCacheFolder(surroundings = here()) {
  const { platform, env } = surroundings;
  // Nothing there says whose a folder is, so that only the user's own profile will do.
  if (platform === 'win32') return privateFolder(join(platformHome(surroundings), 'compile-cache'));
  const given = env['NODE_COMPILE_CACHE'];
  return (
    (given ? privateFolder(given) : undefined) ?? privateFolder(join(cupbearerHome(surroundings), 'compile-cache'))
  );
}
