import { fileURLToPath } from 'node:url';
import { privateFolder } from '../main/storage/private-folder.mjs';

/** Where tests keep what must not lie in the system's temporary folder, since it is run as code: below the checkout. */
export const cacheFolder = fileURLToPath(new URL('../node_modules/.cache/cupbearer-tests', import.meta.url));

/** Whether this user alone can write there, as to a home folder. */
export const isPrivate = process.platform !== 'win32' && privateFolder(cacheFolder) !== undefined;
export const withoutPrivate = isPrivate ? '' : ' (skipped: other users can write to the checkout, or this is Windows)';

/** What lets processes that tests start share compiled code, although each has a home of its own. */
export const sharedCompileCache = { NODE_COMPILE_CACHE: `${cacheFolder}/compiled` };
