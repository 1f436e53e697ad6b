import { join } from 'node:path';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { replaceFolder } from './atomic-write.ts';
import { checkFileName } from './file-name.ts';
import { encodeNpy, parseNpy } from './npy.ts';
import { readFileBytes } from './read-file.ts';
import { entriesWithin, pathOf, within, type Within } from './within-folder.ts';

/** The anomaly scores of an evaluation, sample by sample, all arrays of the same length `n`. */
export interface Scores {
  /** By layer name, and `all` for the aggregate; higher means more anomalous. */
  layers: Map<string, Float32Array>;
  /** 1 where the sample is anomalous, 0 where it is clean. */
  labels: Uint8Array;
  /** The sample's place in its dataset, so that evaluations can be joined. */
  sampleIndex: Int32Array;
  /** Class of each sample before any poisoning; absent where it was not looked at. */
  trueClass?: Int32Array;
  /** Class that the model predicts; absent where it was not looked at or the model's output is not one number a class. */
  predictedClass?: Int32Array;
}

const labelsName = 'anomaly_labels';
const indexName = 'sample_index';
const trueClassName = 'true_class';
const predictedClassName = 'predicted_class';
const notLayers: readonly string[] = [labelsName, indexName, trueClassName, predictedClassName];

/** Most files of scores, and most bytes of all of them: a folder from elsewhere must not fill the memory. */
const mostFiles = 1000;
const mostBytesInAll = 2 ** 30;

/**
 * Writes `<layer>.npy` (float32 `[n]`), `anomaly_labels.npy` (uint8 `[n]`), `sample_index.npy` and, where they are known,
 * `true_class.npy` and `predicted_class.npy` (int32 `[n]`) into `place`, which replaces one of that name as a whole.
 * @throws CupbearerError `internal` where lengths differ, `usage` where a layer's name cannot be a file's, `storage`.
 */
export function writeScoreFiles(place: Within, scores: Scores): void {
  const n = scores.labels.length;
  const arrays: [string, NamedTensor['data']][] = [
    ...scores.layers,
    [labelsName, scores.labels],
    [indexName, scores.sampleIndex],
    ...(scores.trueClass ? [[trueClassName, scores.trueClass] satisfies [string, Int32Array]] : []),
    ...(scores.predictedClass ? [[predictedClassName, scores.predictedClass] satisfies [string, Int32Array]] : []),
  ];
  const files = new Map<string, Uint8Array>();
  const taken = new Set<string>();
  for (const [name, data] of arrays) {
    checkFileName(name, 'Layer name');
    // Two names that differ in case alone are one file on macOS and Windows.
    if (taken.has(name.toLowerCase())) {
      throw new CupbearerError('usage', `Layer name: "${name}" is taken by another file among the scores.`);
    }
    taken.add(name.toLowerCase());
    if (data.length !== n) {
      throw new CupbearerError('internal', `writeScores: "${name}" has ${data.length} values, the labels ${n}.`);
    }
    files.set(`${name}.npy`, encodeNpy({ shape: [n], data }));
  }
  replaceFolder(place, Object.fromEntries(files));
}

/**
 * Returns what {@link writeScoreFiles} wrote.
 * @throws CupbearerError `not-found` where the folder or a file is missing, `bad-data` where an array is of another type
 * or length, is not a file inside the folder, or they are more than fit into memory.
 */
export function readScoreFiles({ folder, name: place }: Within): Scores {
  let left = mostBytesInAll;
  const read = <T extends NamedTensor['data']>(name: string, type: ArrayType<T>, length?: number): T => {
    const data = readArray(within(folder, place, `${name}.npy`), type, length, left);
    left -= data.byteLength;
    return data;
  };
  const labels = read(labelsName, Uint8Array);
  const n = labels.length;
  const sampleIndex = read(indexName, Int32Array, n);
  const names = entriesWithin(within(folder, place))
    .filter(({ name: file }) => file.endsWith('.npy') && !file.startsWith('.'))
    .map(({ name: file }) => file.slice(0, -'.npy'.length));
  const most = Math.min(mostFiles, Math.floor(mostBytesInAll / (n * Float32Array.BYTES_PER_ELEMENT)));
  if (names.length > most) {
    throw new CupbearerError(
      'bad-data',
      `"${join(folder, place)}": expected at most ${most} files of scores of ${n} samples, found ${names.length}.`,
    );
  }
  const layers = names
    .filter((name) => !notLayers.includes(name))
    .map((name): [string, Float32Array] => [name, read(name, Float32Array, n)]);
  const path = join(folder, place);
  checkAll(path, labelsName, labels, 'only 0 and 1', (label) => label <= 1);
  checkAll(path, indexName, sampleIndex, 'places in a dataset', (index) => index >= 0);
  for (const [name, scores] of layers) checkAll(path, name, scores, 'finite scores', Number.isFinite);
  const classes = (name: string) => (names.includes(name) ? read(name, Int32Array, n) : undefined);
  const [trueClass, predictedClass] = [classes(trueClassName), classes(predictedClassName)];
  return {
    layers: new Map(layers),
    labels,
    sampleIndex,
    ...(trueClass ? { trueClass } : {}),
    ...(predictedClass ? { predictedClass } : {}),
  };
}

/** @throws CupbearerError `bad-data` naming the first value that is not what all of an array should be. */
function checkAll(
  folder: string,
  name: string,
  values: Float32Array | Int32Array | Uint8Array,
  expected: string,
  isRight: (value: number) => boolean,
): void {
  const wrong = values.findIndex((value) => !isRight(value));
  if (wrong === -1) return;
  const path = join(folder, `${name}.npy`);
  throw new CupbearerError('bad-data', `"${path}": expected ${expected}, found ${values[wrong]} at place ${wrong}.`);
}

interface ArrayType<T> {
  new (): T;
  readonly name: string;
}

function readArray<T extends NamedTensor['data']>(
  place: Within,
  type: ArrayType<T>,
  length: number | undefined,
  most: number,
): T {
  const path = pathOf(place);
  const { shape, data } = parseNpy(readFileBytes(place, most), path);
  if (data instanceof type && shape.length === 1 && (length === undefined || data.length === length)) return data;
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected ${type.name} [${length ?? 'n'}], found ${data.constructor.name} [${shape.join(', ')}].`,
  );
}
