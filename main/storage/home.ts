import { join } from 'node:path';
import { cupbearerHome } from './cupbearer-home.mjs';

export { cupbearerHome };
export type { Surroundings } from './cupbearer-home.mjs';

/** The catalogue's file. */
export function cataloguePath(home: string = cupbearerHome()): string {
  return join(home, 'catalogue.sqlite');
}
