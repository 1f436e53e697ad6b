import { CupbearerError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import { checkFileName } from './file-name.ts';
import { encodeNpy, npyStartBytes, parseNpy, parseNpyHeader } from './npy.ts';
import { fileSize, readFileBytes, readFileStart } from './read-file.ts';
import { entriesWithin, isThere, pathOf, within, type Within } from './within-folder.ts';

/** Scores of single tokens, text after text. */
export interface TokenScores {
  /** By layer `[sum of counts]`; higher means more anomalous. */
  layers: Map<string, Float32Array>;
  /** How many tokens each text has, `[n]`. */
  counts: Int32Array;
}

/** Where token scores lie among the scores of an evaluation, those of its test samples and of held-out trusted ones. */
const tokensName = 'tokens';
const heldOutName = 'held_out';
const countsName = 'counts';

/** Most numbers of all layers together that are kept or read: 128 MB. */
const mostTokenScores = 2 ** 25;
const mostTexts = 2 ** 21;
const mostLayers = 1000;

/** Whether so many scores of single tokens are kept. */
export function keepsTokenScores(layers: readonly string[], tokens: number): boolean {
  return layers.length * tokens <= mostTokenScores && !layers.some((name) => name.toLowerCase() === countsName);
}

/** The files of an evaluation's token scores by their names within its folder of scores. @throws CupbearerError `usage`. */
export function tokenScoreFiles(tokens: TokenScores, heldOut?: TokenScores): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const add = (folder: string, { layers, counts }: TokenScores) => {
    files.set(`${folder}/${countsName}.npy`, encodeNpy({ shape: [counts.length], data: counts }));
    for (const [name, data] of layers)
      files.set(`${folder}/${checkFileName(name, 'Layer name')}.npy`, encodeNpy({ shape: [data.length], data }));
  };
  add(tokensName, tokens);
  if (heldOut) add(`${tokensName}/${heldOutName}`, heldOut);
  return files;
}

/** Whether an evaluation, whose scores lie in `scores`, has scores of single tokens. */
export function hasTokenScores({ folder, name }: Within): boolean {
  return isThere(within(folder, name, tokensName, `${countsName}.npy`));
}

/**
 * Reads the token scores of an evaluation, whose scores lie in `scores`, of the layers in `only` if given; those of held-out
 * trusted samples with `heldOut`. Null where there are none.
 * @throws CupbearerError `bad-data` if arrays are not what they should be or too many, `storage`.
 */
export function readTokenScores(
  { folder, name: scores }: Within,
  { heldOut = false, only }: { heldOut?: boolean; only?: readonly string[] } = {},
): TokenScores | null {
  const place = within(folder, scores, tokensName, ...(heldOut ? [heldOutName] : []));
  const fileOf = (name: string) => within(place.folder, place.name, `${name}.npy`);
  if (!isThere(fileOf(countsName))) return null;
  const counts = readArray(fileOf(countsName), Int32Array, mostTexts);
  const path = pathOf(fileOf(countsName));
  let total = 0;
  for (const [text, count] of counts.entries()) {
    if (count < 1)
      throw new CupbearerError('bad-data', `"${path}": expected a token or more, found ${count} at place ${text}.`);
    total += count;
  }
  const names = entriesWithin(place)
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.npy') && !name.startsWith('.'))
    .map((name) => name.slice(0, -'.npy'.length))
    .filter((name) => name !== countsName && (only?.includes(name) ?? true));
  if (names.length > mostLayers || names.length * total > mostTokenScores)
    throw new CupbearerError(
      'bad-data',
      `"${pathOf(place)}": expected at most ${formatCount(mostTokenScores)} scores of tokens in all, found ${formatCount(total)} at each of ${formatCount(names.length)} layers.`,
    );
  const layers = names.map((name): [string, Float32Array] => {
    const values = readArray(fileOf(name), Float32Array, total);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (values.length === total && wrong === -1) return [name, values];
    const found = wrong === -1 ? `${values.length}` : `${values[wrong]} at place ${wrong}`;
    throw new CupbearerError('bad-data', `"${pathOf(fileOf(name))}": expected ${total} finite scores, found ${found}.`);
  });
  return { layers: new Map(layers), counts };
}

/** At most `most` numbers, so that no more is read of a file than its header may say. */
function readArray<T extends Float32Array | Int32Array>(
  place: Within,
  type: { new (): T; readonly name: string },
  most: number,
): T {
  const path = pathOf(place);
  const { count, shape } = parseNpyHeader(readFileStart(place, npyStartBytes), fileSize(place), path);
  if (shape.length === 1 && count <= most) {
    const { data } = parseNpy(readFileBytes(place, npyStartBytes + 8 * count), path);
    if (data instanceof type) return data;
  }
  throw new CupbearerError(
    'bad-data',
    `"${path}": expected ${type.name} of at most ${most} values, found [${shape.join(', ')}].`,
  );
}
