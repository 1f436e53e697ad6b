import { join, resolve } from 'node:path';
import { cupbearerHome, type Surroundings } from '../storage/home.ts';
import { datasetSources } from './sources.ts';

/**
 * The folder with one sub-folder a dataset: `CUPBEARER_DATA` if set, else `data` among the program's own files for this
 * user. It need not exist.
 */
export function defaultDataDir(surroundings?: Surroundings): string {
  const env = surroundings?.env ?? process.env;
  if (env['CUPBEARER_DATA']) return resolve(env['CUPBEARER_DATA']);
  return join(cupbearerHome(surroundings), 'data');
}

/** The folder of imported pictures. */
export function ownDatasetsFolder(dataDir: string): string {
  return join(dataDir, 'own');
}

/** Folders of a data folder into which files are downloaded, unpacked or taken in. They need not exist. */
export function foldersOfData(dataDir: string): string[] {
  return [dataDir, ownDatasetsFolder(dataDir), ...datasetSources.map(({ id }) => join(dataDir, id))];
}
