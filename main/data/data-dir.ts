import { join, resolve } from 'node:path';
import { cupbearerHome, type Surroundings } from '../storage/home.ts';

/**
 * The folder with one sub-folder a dataset: `CUPBEARER_DATA` if set, else `data` among the program's own files for this
 * user. It need not exist.
 */
export function defaultDataDir(surroundings?: Surroundings): string {
  const env = surroundings?.env ?? process.env;
  if (env['CUPBEARER_DATA']) return resolve(env['CUPBEARER_DATA']);
  return join(cupbearerHome(surroundings), 'data');
}
