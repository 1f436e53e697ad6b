import { contentKey } from '../content-key.ts';
import type { ActivationsContract } from './contract.ts';
import type { MetadataRow } from './metadata-records.ts';
import { samplesOf, storedBlocks, wordsOf } from './stored-blocks.ts';
import type { StoredLayer, StoredSet } from './stored-set.ts';

/** What the numbers of a layer are like. */
interface LayerDescription extends StoredLayer {
  /** Samples with a NaN, and with an infinite number and no NaN. */
  readonly nan: number;
  readonly infinite: number;
  /** The first sample that is not finite. */
  readonly firstNotFinite: number | undefined;
  /** Columns that have one value in all samples (of sequences: in all tokens), of how many. */
  readonly constantColumns: number;
  readonly columns: number;
}

/** What is in a stored set. */
export interface StoredSetDescription {
  readonly path: string;
  readonly samples: number;
  readonly layers: readonly LayerDescription[];
  /** Samples that are not finite in some layer. */
  readonly notFinite: number;
  /** Samples that equal an earlier one in all layers. */
  readonly repeated: number;
  /** Of ragged sequences. */
  readonly tokens: { readonly least: number; readonly most: number; readonly total: number } | undefined;
  readonly contract: ActivationsContract | undefined;
  /** The metadata's columns, and its first rows. */
  readonly metadata: { readonly columns: readonly string[]; readonly first: readonly MetadataRow[] } | undefined;
  readonly leftOut: StoredSet['leftOut'];
  /** A number for each sample, the same for samples that are equal in all layers. */
  readonly keys: Float64Array;
}

const firstRows = 5;

/**
 * Resolves with what is in a set, by one pass over all of its numbers. `progress` gets the share that is done.
 * @throws CupbearerError as {@link storedBlocks}.
 */
export async function describeStoredSet(
  set: StoredSet,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<StoredSetDescription> {
  const keys = new Float64Array(set.length);
  const isNotFinite = new Uint8Array(set.length);
  const total = set.layers.length * set.length;
  const layers: LayerDescription[] = [];
  for (const [i, layer] of set.layers.entries()) {
    const report = (samples: number) => progress((i * set.length + samples) / total);
    layers.push(await describeLayer(set, layer, keys, isNotFinite, signal, report));
  }
  const { lengths, metadata } = set;
  return {
    path: set.path,
    samples: set.length,
    layers,
    notFinite: isNotFinite.reduce((sum, is) => sum + is, 0),
    repeated: set.length - new Set(keys).size,
    tokens: lengths && {
      least: lengths.reduce((a, b) => Math.min(a, b)),
      most: lengths.reduce((a, b) => Math.max(a, b)),
      total: lengths.reduce((a, b) => a + b),
    },
    contract: set.contract,
    metadata: metadata && {
      columns: metadata.columns,
      first: metadata.rows(Array.from({ length: Math.min(firstRows, metadata.length) }, (_, row) => row)),
    },
    leftOut: set.leftOut,
    keys,
  };
}

/** Returns how many samples of `b` are in `a` as well; undefined if they have other layers, and cannot be compared. */
export function samplesInBoth(a: StoredSetDescription, b: StoredSetDescription): number | undefined {
  const names = ({ layers }: StoredSetDescription) => layers.map(({ name }) => name).join('\n');
  if (names(a) !== names(b)) return undefined;
  const known = new Set(a.keys);
  return b.keys.reduce((sum, key) => sum + (known.has(key) ? 1 : 0), 0);
}

const exponent = 0x7f800000;
const fraction = 0x007fffff;

async function describeLayer(
  set: StoredSet,
  layer: StoredLayer,
  keys: Float64Array,
  isNotFinite: Uint8Array,
  signal: AbortSignal,
  report: (samples: number) => void,
): Promise<LayerDescription> {
  const columns = layer.isRagged ? layer.shape[1]! : layer.shape.reduce((product, size) => product * size, 1);
  let [nan, infinite] = [0, 0];
  let firstNotFinite: number | undefined;
  let first: Uint32Array | undefined;
  // Columns that have had one value so far: soon there are few.
  let constant: Int32Array = Int32Array.from({ length: columns }, (_, column) => column);
  let sample = 0;
  const pair = new Uint32Array(4);
  const numbers = new Float64Array(pair.buffer);
  for await (const block of storedBlocks(set, layer.name, undefined, signal)) {
    const words = wordsOf(block.values);
    first ??= words.slice(0, columns);
    for (let row = 0; row < words.length && constant.length > 0; row += columns)
      constant = stillConstant(constant, words, row, first);
    for (const [from, to] of samplesOf(set, layer.name, block)) {
      const found = notFinite(words, from, to);
      if (found !== undefined) {
        if (found === 'NaN') nan++;
        else infinite++;
        firstNotFinite ??= sample;
        isNotFinite[sample] = 1;
      }
      // The key of all layers so far and of this one.
      numbers[0] = keys[sample]!;
      numbers[1] = contentKey(words, from, to);
      keys[sample++] = contentKey(pair, 0, 4);
    }
    report(sample);
  }
  return { ...layer, nan, infinite, firstNotFinite, constantColumns: constant.length, columns };
}

/** Those of `columns` that have the value of the first row in this one as well. */
function stillConstant(columns: Int32Array, words: Uint32Array, row: number, first: Uint32Array): Int32Array {
  const width = first.length;
  let at = 0;
  // All of them are still there: without a look at which they are, this is several times as fast.
  if (columns.length === width) while (at < width && words[row + at] === first[at]) at++;
  while (at < columns.length && words[row + columns[at]!] === first[columns[at]!]) at++;
  return at === columns.length ? columns : columns.filter((column) => words[row + column] === first[column]);
}

function notFinite(words: Uint32Array, from: number, to: number): 'NaN' | 'infinite' | undefined {
  let found: 'infinite' | undefined;
  for (let i = from; i < to; i++) {
    const word = words[i]!;
    if ((word & exponent) !== exponent) continue;
    if ((word & fraction) !== 0) return 'NaN';
    found = 'infinite';
  }
  return found;
}
