import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes, formatCount } from '../../shared/format.ts';
import { npyStartBytes, parseNpyHeader } from './npy.ts';
import { fileSize, readFileStart } from './read-file.ts';
import { entriesWithin, pathOf, within, type Within } from './within-folder.ts';

export const labelsName = 'anomaly_labels';
export const indexName = 'sample_index';
export const trueClassName = 'true_class';
export const predictedClassName = 'predicted_class';
export const groupName = 'group_index';

/** The arrays beside those of layers, and of what kind they are. */
const kinds: Readonly<Record<string, string>> = {
  [labelsName]: 'Uint8Array',
  [indexName]: 'Int32Array',
  [trueClassName]: 'Int32Array',
  [predictedClassName]: 'Int32Array',
  [groupName]: 'Int32Array',
};

/** A folder from elsewhere must not fill the memory. */
const mostFiles = 1000;
const mostSamples = 2 ** 21;
const mostBytesInAll = 2 ** 27;

/** What the headers of an evaluation's scores say, before any array is read. */
export interface ScoreLayout {
  samples: number;
  /** The files of layers without their extension, in the order of the folder. */
  layers: string[];
  hasTrueClass: boolean;
  hasPredictedClass: boolean;
  hasGroups: boolean;
}

/**
 * Returns how many scores of which layers lie in a folder. All of them together fit into memory.
 * @throws CupbearerError `not-found` if the folder, the labels or the index are missing, `bad-data` if a file is not
 * an array of the right type and length or not inside the folder, or they are too many.
 */
export function readScoreLayout({ folder, name: place }: Within): ScoreLayout {
  const path = pathOf({ folder, name: place });
  let bytes = 0;
  let samples: number | undefined;
  const check = (name: string) => {
    const file = within(folder, place, `${name}.npy`);
    const size = fileSize(file);
    const { type, shape, count } = parseNpyHeader(readFileStart(file, npyStartBytes), size, pathOf(file));
    const kind = Object.hasOwn(kinds, name) ? kinds[name]! : 'Float32Array';
    if (type.array !== kind || shape.length !== 1 || count !== (samples ?? count)) {
      throw new CupbearerError(
        'bad-data',
        `"${pathOf(file)}": expected ${kind} [${samples ?? 'n'}], found ${type.array} [${shape.join(', ')}].`,
      );
    }
    samples = count;
    if (samples > mostSamples) throw tooMany(path, `${formatCount(mostSamples)} samples`, formatCount(samples));
    bytes += size;
    if (bytes > mostBytesInAll) throw tooMany(path, formatBytes(mostBytesInAll), 'more');
    return samples;
  };
  check(labelsName);
  const n = check(indexName);
  const names = entriesWithin(within(folder, place))
    .filter(({ name: file }) => file.endsWith('.npy') && !file.startsWith('.'))
    .map(({ name: file }) => file.slice(0, -'.npy'.length));
  if (names.length > mostFiles) throw tooMany(path, `${formatCount(mostFiles)} files`, formatCount(names.length));
  for (const name of names) if (name !== labelsName && name !== indexName) check(name);
  return {
    samples: n,
    layers: names.filter((name) => !Object.hasOwn(kinds, name)),
    hasTrueClass: names.includes(trueClassName),
    hasPredictedClass: names.includes(predictedClassName),
    hasGroups: names.includes(groupName),
  };
}

function tooMany(path: string, most: string, found: string): CupbearerError {
  return new CupbearerError('bad-data', `"${path}": expected scores of at most ${most}, found ${found}.`, {
    hint: 'Evaluate the detector on fewer samples or layers.',
  });
}
