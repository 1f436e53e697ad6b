import { CupbearerError } from '../../shared/errors.ts';
import { isBelow, isInside, realPathOf } from '../storage/real-path.ts';
import { command, worded } from '../../shared/wording.ts';

/** Holds a {@link DataReach} as JSON; this process may read everything if it is not set. */
const variable = 'CUPBEARER_DATA_REACH';

/** Folders from which data may be read, as real paths. */
interface DataReach {
  /** What is hidden below it is not within reach. */
  root: string;
  /** The program's own folders and those for its data, in which hidden files are its own. */
  own: readonly string[];
}

/** Returns the variable that keeps a process to data within `reach`. */
export function dataReach(reach: DataReach): Record<string, string> {
  return { [variable]: JSON.stringify(reach) };
}

/**
 * Checks that a file or folder of a data set is within reach, wherever links among the data lead.
 * @throws CupbearerError `usage` if it is not.
 */
export function requireDataReach(path: string): void {
  const given = process.env[variable];
  if (given === undefined) return;
  const real = realPathOf(path);
  const { root, own } = JSON.parse(given) as DataReach;
  if (real !== undefined && (isBelow(root, real) || own.some((folder) => isInside(folder, real)))) return;
  throw new CupbearerError('usage', `A page in the browser may not reach "${path}", which leads out of the root.`, {
    hint: worded`Put a copy in the place of the link, or start the program ${command('with --root FOLDER.', 'by “npx cupbearer serve --root FOLDER”.')}`,
  });
}
