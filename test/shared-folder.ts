import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The folder with real data and reference numbers that lies beside the repository on some machines
 * (`CUPBEARER_SHARED`, else `../shared`); undefined where there is none.
 */
export const sharedFolder: string | undefined = [
  process.env['CUPBEARER_SHARED'],
  fileURLToPath(new URL('../../shared', import.meta.url)),
].find((folder) => folder !== undefined && existsSync(folder));
