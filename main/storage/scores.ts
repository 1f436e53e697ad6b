import { join } from 'node:path';
import type { NamedTensor } from '../../shared/domain/tensors.ts';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { replaceFolder } from './atomic-write.ts';
import { checkFileName } from './file-name.ts';
import { encodeNpy, npyStartBytes, parseNpy } from './npy.ts';
import { readFileBytes } from './read-file.ts';
import {
  groupName,
  indexName,
  labelsName,
  predictedClassName,
  readScoreLayout,
  trueClassName,
} from './score-layout.ts';
import { tokenScoreFiles, type TokenScores } from './token-scores.ts';
import { pathOf, within, type Within } from './within-folder.ts';
import { numbered } from '../../shared/format.ts';

/** Which samples an evaluation scored, all arrays of the same length `n`. */
export interface ScoredSamples {
  /** 1 if the sample is anomalous, 0 if it is clean. */
  labels: Uint8Array;
  /** The sample's place in its dataset, so that evaluations can be joined. */
  sampleIndex: Int32Array;
}

/** The anomaly scores of an evaluation, sample by sample, all arrays of the same length `n`. */
export interface Scores extends ScoredSamples {
  /** By layer name, and `all` for the aggregate; higher means more anomalous. */
  layers: Map<string, Float32Array>;
  /** Class of each sample before any poisoning; absent if it was not looked at. */
  trueClass?: Int32Array;
  /** Class that the model predicts; absent if it was not looked at or the model's output is not one number a class. */
  predictedClass?: Int32Array;
  /** Which group each sample belongs to; absent where samples are independent. */
  groups?: Int32Array;
}

/** Scores of single tokens, of the test samples and of trusted samples that the detector was not fitted on. */
export interface KeptTokens {
  test: TokenScores;
  heldOut?: TokenScores;
}

/**
 * Writes `<layer>.npy` (float32 `[n]`), `anomaly_labels.npy` (uint8 `[n]`), `sample_index.npy` and, where they are
 * known, `true_class.npy`, `predicted_class.npy` and `group_index.npy` (int32 `[n]`) into `place`, which replaces one of that name as a
 * whole, with the scores of single tokens in its folder `tokens`.
 * @throws CupbearerError `internal` if lengths differ, `usage` if a layer's name cannot be a file's, `storage`.
 */
export function writeScoreFiles(place: Within, scores: Scores, tokens?: KeptTokens): void {
  const n = scores.labels.length;
  const arrays: [string, NamedTensor['data']][] = [
    ...scores.layers,
    [labelsName, scores.labels],
    [indexName, scores.sampleIndex],
    ...(scores.trueClass ? [[trueClassName, scores.trueClass] satisfies [string, Int32Array]] : []),
    ...(scores.groups ? [[groupName, scores.groups] satisfies [string, Int32Array]] : []),
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
      throw new CupbearerError(
        'internal',
        `writeScores: "${name}" has ${numbered(data.length, 'value')}, the labels ${n}.`,
      );
    }
    files.set(`${name}.npy`, encodeNpy({ shape: [n], data }));
  }
  for (const [name, content] of tokens ? tokenScoreFiles(tokens.test, tokens.heldOut) : []) files.set(name, content);
  replaceFolder(place, Object.fromEntries(files));
}

/**
 * Returns what {@link writeScoreFiles} wrote, of the layers in `only` if given; those that are not there are left out.
 * @throws CupbearerError as {@link readScoreLayout}, and `bad-data` if values are not what they should be.
 */
export function readScoreFiles(place: Within, only?: readonly string[]): Scores {
  const { samples, ...found } = readScoreLayout(place);
  const path = pathOf(place);
  const read = reader(place, samples);
  const scored = readScored(place, samples);
  const wanted = only ? found.layers.filter((name) => only.includes(name)) : found.layers;
  const layers = wanted.map((name): [string, Float32Array] => [name, read(name, Float32Array)]);
  for (const [name, scores] of layers) checkAll(path, name, scores, 'finite scores', Number.isFinite);
  return {
    layers: new Map(layers),
    ...scored,
    ...given({
      trueClass: found.hasTrueClass ? read(trueClassName, Int32Array) : undefined,
      groups: found.hasGroups ? read(groupName, Int32Array) : undefined,
      predictedClass: found.hasPredictedClass ? read(predictedClassName, Int32Array) : undefined,
    }),
  };
}

/** Returns which samples were scored, without their scores. @throws CupbearerError as {@link readScoreFiles}. */
export function readScoredSamples(place: Within): ScoredSamples {
  return readScored(place, readScoreLayout(place).samples);
}

function readScored(place: Within, samples: number): ScoredSamples {
  const read = reader(place, samples);
  const labels = read(labelsName, Uint8Array);
  const sampleIndex = read(indexName, Int32Array);
  const path = pathOf(place);
  checkAll(path, labelsName, labels, 'only 0 and 1', (label) => label <= 1);
  checkAll(path, indexName, sampleIndex, 'places in a dataset', (index) => index >= 0);
  return { labels, sampleIndex };
}

function reader(place: Within, samples: number) {
  return <T extends NamedTensor['data']>(name: string, type: ArrayType<T>): T =>
    readArray(within(place.folder, place.name, `${name}.npy`), type, samples);
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

/** Eight bytes an element at most, and the header: no more is read of a file that has grown since its header was. */
function readArray<T extends NamedTensor['data']>(place: Within, type: ArrayType<T>, length: number): T {
  const path = pathOf(place);
  const { shape, data } = parseNpy(readFileBytes(place, npyStartBytes + 8 * length), path);
  if (data instanceof type && shape.length === 1 && data.length === length) return data;
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected ${type.name} [${length}], found ${data.constructor.name} [${shape.join(', ')}].`,
  );
}
