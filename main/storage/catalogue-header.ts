import { CupbearerError } from '../../shared/errors.ts';
import { checkNotNewer } from './migrations/index.ts';
import { readFileStart } from './read-file.ts';
import { corrupt } from './sqlite.ts';

/**
 * What every SQLite file begins with, and where its header has what is looked at
 * (https://www.sqlite.org/fileformat2.html).
 */
const magic = 'SQLite format 3\0';
const headerBytes = 100;
const formatVersions = [18, 19];
const userVersion = 60;

/**
 * Checks what SQLite makes something else of: it takes a file of an unknown format version for one that may only be
 * read. The schema version is read here, too, so that a file which a newer version of the program wrote is known even
 * if it is damaged.
 * @throws CupbearerError `bad-data` if a newer version wrote the file; what `saysDamaged` recognises if the header is
 * damaged.
 */
export function checkHeader(path: string): void {
  const header = readHeader(path);
  if (header?.toString('latin1', 0, magic.length) !== magic) return;
  checkNotNewer(header.readInt32BE(userVersion), path);
  if (formatVersions.some((at) => header[at] !== 1 && header[at] !== 2))
    throw corrupt(`"${path}" has a format that SQLite does not know.`);
}

/** Undefined if the file is missing, shorter, or cannot be read, of which SQLite says more. */
function readHeader(path: string): Buffer | undefined {
  try {
    const header = Buffer.from(readFileStart(path, headerBytes));
    return header.length === headerBytes ? header : undefined;
  } catch (error) {
    if (error instanceof CupbearerError) return undefined;
    throw error;
  }
}
