import { bytesOf, elementTypes } from '../../storage/element-type.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { ByteFile } from '../../storage/byte-file.ts';
import { naturally } from './natural-order.ts';
import { placeOf, refuse, type FoundArray } from './found-array.ts';
import {
  floatTypeOf,
  type RowBlock,
  type RowFile,
  type RowLayout,
  type RowSpans,
  type StoredRows,
} from './stored-rows.ts';
import type { StoredLayer } from './stored-set.ts';
import type { WatchedFile } from '../../storage/watched-file.ts';

/** A layer and where its rows lie. It consists of arrays, each with the rows that follow those of the one before. */
interface Placed {
  layer: StoredLayer;
  layout: RowLayout;
}

/** Tensors that say how many tokens each sequence has, or where they begin. */
export const lengthNames = ['lengths', 'offsets'];

/** What vLLM's and Hugging Face's exports hold besides activations. */
const inputNames = ['token_ids', 'input_ids', 'attention_mask', 'position_ids', 'token_type_ids', 'labels', 'label'];

/** The layers of a set and where they lie. */
export interface StoredLayers {
  readonly length: number;
  readonly layers: readonly StoredLayer[];
  readonly lengths: Int32Array | undefined;
  readonly rows: StoredRows;
  readonly leftOut: readonly { name: string; reason: string }[];
}

/** Numbers the files that hold rows, as {@link StoredRows} has them. */
class FileNumbers {
  readonly #numbers = new Map<WatchedFile | ByteFile, number>();

  numberOf(file: WatchedFile | ByteFile): number {
    const known = this.#numbers.get(file);
    if (known !== undefined) return known;
    this.#numbers.set(file, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  get files(): RowFile[] {
    return [...this.#numbers.keys()].map((file) => (file instanceof ByteFile ? file.place : file.state));
  }
}

/**
 * Returns the layers that arrays hold; those of one name are parts of one layer, in their order. Tokens per sample come from a
 * tensor `lengths` or `offsets` unless they are `given`. `padding` says on which side shorter sequences of `[n, positions, d]` are
 * filled up; undefined where they are not.
 * @throws CupbearerError `bad-data` naming the arrays that do not fit together.
 */
export function layersOf(
  arrays: readonly FoundArray[],
  path: string,
  padding: 'left' | 'right' | undefined,
  given?: Lengths,
): StoredLayers {
  const byName = grouped(arrays);
  const sizes = given ?? readLengths(byName);
  const { layers, leftOut } = activationsOf(byName);
  // Where sequences lie one after another, the lengths are theirs, and nothing else was filled up.
  const filledOn = sizes && layers.some((parts) => isPackedBy(sizes, parts)) ? undefined : padding;
  const files = new FileNumbers();
  const placed: Placed[] = [];
  let reference: { array: FoundArray; samples: number } | undefined;
  for (const parts of layers) {
    const [array] = parts as [FoundArray];
    checkParts(parts);
    const found = placeLayer(parts, sizes, filledOn, files);
    const samples = found.samples;
    if (reference && reference.samples !== samples) {
      refuse(
        array,
        `${reference.samples} samples, as ${placeOf(reference.array)} has`,
        String(samples),
        'All layers of a set are of the same samples, in the same order.',
      );
    }
    reference ??= { array, samples };
    placed.push(found);
  }
  if (!reference) {
    const others = leftOut
      .map(({ name }) => `"${name}" of shape [${byName.get(name)![0]!.shape.join(', ')}]`)
      .join(', ');
    throw new CupbearerError(
      'bad-data',
      `"${path}": expected activations of shape [n, d] or [n, positions, d], found ${others === '' ? 'no arrays' : `only ${others}`}.`,
    );
  }
  if (reference.samples === 0) refuse(reference.array, 'at least one sample', 'none');
  return {
    length: reference.samples,
    layers: placed.map(({ layer }) => layer),
    lengths: placed.some(({ layer }) => layer.isRagged) ? sizes?.lengths : undefined,
    rows: { files: files.files, layers: Object.fromEntries(placed.map(({ layer, layout }) => [layer.name, layout])) },
    leftOut,
  };
}

/** The arrays that hold activations, by the name of the layer, and what else there is. */
function activationsOf(byName: ReadonlyMap<string, readonly FoundArray[]>): {
  layers: (readonly FoundArray[])[];
  leftOut: { name: string; reason: string }[];
} {
  const layers: (readonly FoundArray[])[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const [name, parts] of [...byName].sort(([a], [b]) => naturally(a, b))) {
    if (lengthNames.includes(name)) continue;
    const { shape } = parts[0]!;
    if (inputNames.includes(name)) leftOut.push({ name, reason: 'It holds inputs or labels rather than activations.' });
    else if (shape.length < 2)
      leftOut.push({ name, reason: `Its shape is [${shape.join(', ')}], where [n, d] was expected.` });
    else layers.push(parts);
  }
  return { layers, leftOut };
}

function grouped(arrays: readonly FoundArray[]): Map<string, FoundArray[]> {
  const byName = new Map<string, FoundArray[]>();
  for (const array of arrays) {
    const parts = byName.get(array.name);
    if (parts) parts.push(array);
    else byName.set(array.name, [array]);
  }
  return byName;
}

function checkParts(parts: readonly FoundArray[]): void {
  const [first] = parts as [FoundArray];
  for (const part of parts) {
    const [, ...size] = part.shape;
    const [, ...firstSize] = first.shape;
    if (part.type !== first.type) refuse(part, `elements of type ${first.type}, as in "${first.file.path}"`, part.type);
    if (size.join() !== firstSize.join())
      refuse(part, `samples of shape [${firstSize.join(', ')}], as in "${first.file.path}"`, `[${size.join(', ')}]`);
    if (size.includes(0)) refuse(part, 'at least one number in a sample', `the shape [${part.shape.join(', ')}]`);
  }
}

/** Whether rows are tokens of sequences of these lengths, one after another. */
function isPackedBy({ total, lengths }: Lengths, parts: readonly FoundArray[]): boolean {
  const [array] = parts as [FoundArray];
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return rows === total && (array.shape.length === 2 || total !== lengths.length);
}

function placeLayer(
  parts: readonly FoundArray[],
  sizes: Lengths | undefined,
  filledOn: 'left' | 'right' | undefined,
  files: FileNumbers,
): Placed & { samples: number } {
  const [array] = parts as [FoundArray];
  const [, ...size] = array.shape;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const isPacked = sizes !== undefined && isPackedBy(sizes, parts);
  const isPadded = sizes !== undefined && filledOn !== undefined && size.length === 2 && rows === sizes.lengths.length;
  if (sizes && !isPacked && rows !== sizes.lengths.length) {
    refuse(
      array,
      `${sizes.total} rows, one for each token of ${placeOf(sizes.array)}, or ${sizes.lengths.length}, one for each sample`,
      String(rows),
    );
  }
  const perRow = isPadded ? size[0]! : 1;
  if (isPadded) {
    const longer = sizes.lengths.findIndex((length) => length > perRow);
    if (longer !== -1)
      refuse(
        sizes.array,
        `at most ${perRow} tokens, which ${placeOf(array)} has room for`,
        `${sizes.lengths[longer]!} for sample ${longer}`,
      );
  }
  const width = size.reduce((product, item) => product * item, 1) / perRow;
  const stride = array.stride ?? width * floatTypeOf(array.type).bytes;
  const blocks: RowBlock[] = [];
  let first = 0;
  for (const { held, start, shape } of parts) {
    if (shape[0] === 0) continue;
    const block = { file: files.numberOf(held), start, stride, first, rows: shape[0]! * perRow };
    first += block.rows;
    blocks.push(block);
  }
  let spans: RowSpans | undefined;
  if (isPacked) spans = { begins: sizes.begins, lengths: sizes.lengths };
  if (isPadded) {
    const begins = Float64Array.from(
      sizes.lengths,
      (length, i) => i * perRow + (filledOn === 'left' ? perRow - length : 0),
    );
    spans = { begins, lengths: sizes.lengths };
  }
  const longest = sizes?.lengths.reduce((most, length) => Math.max(most, length), 0) ?? 0;
  return {
    samples: isPacked ? sizes.lengths.length : rows,
    layer: {
      name: array.name,
      shape: spans ? [longest, width] : size,
      isRagged: spans !== undefined,
      type: array.type,
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      files: [...new Set(parts.map(({ file }) => file.path))],
    },
    layout: { type: array.type, width, blocks, spans },
  };
}

/** How many tokens each sample has. */
export interface Lengths {
  /** What says so. */
  array: FoundArray;
  lengths: Int32Array;
  begins: Float64Array;
  total: number;
}

function readLengths(byName: ReadonlyMap<string, readonly FoundArray[]>): Lengths | undefined {
  const [given, other] = lengthNames.flatMap((name) => (byName.has(name) ? [name] : []));
  if (given === undefined) return undefined;
  const parts = byName.get(given)!;
  const [array] = parts as [FoundArray];
  if (other !== undefined) refuse(array, 'tokens per sample once', `"${other}" beside it`);
  const lengths = parts.flatMap((part) => {
    const numbers = wholeNumbers(part);
    return given === 'lengths' ? [...numbers] : differences(numbers, part);
  });
  return lengthsOf(array, Int32Array.from(lengths));
}

/** Where each of ragged sequences begins. @throws CupbearerError `bad-data` for one without tokens. */
export function lengthsOf(array: FoundArray, lengths: Int32Array): Lengths {
  const begins = new Float64Array(lengths.length);
  let total = 0;
  for (const [sample, length] of lengths.entries()) {
    if (length < 1) refuse(array, 'at least one token in each sample', `${length} in sample ${sample}`);
    begins[sample] = total;
    total += length;
  }
  return { array, lengths, begins, total };
}

function differences(offsets: Int32Array, array: FoundArray): number[] {
  if (offsets[0] !== 0) refuse(array, 'offsets that begin with 0', String(offsets[0] ?? 'none'));
  return Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1]! - offsets[i]!);
}

/** Above any number of samples that can be worked with; bounds what is read to know them. */
const mostNumbers = 2 ** 26;

/** The whole numbers of a small array `[n]`. @throws CupbearerError `bad-data` if it holds others, or has more dimensions. */
export function wholeNumbers(array: FoundArray): Int32Array {
  const { type, shape, held, start } = array;
  const known = elementTypes.find(({ safetensors }) => safetensors === type);
  if (!known || !['I32', 'I64', 'U8'].includes(type)) refuse(array, 'whole numbers (I32, I64 or U8)', type);
  if (shape.length !== 1 || shape[0]! > mostNumbers) refuse(array, 'a shape [n]', `[${shape.join(', ')}]`);
  const bytes = new Uint8Array(shape[0]! * known.bytes);
  held.readInto(bytes, start);
  const data = known.decode(bytes, 0, shape[0]!, placeOf(array));
  return data instanceof Int32Array ? data : Int32Array.from(bytesOf(data));
}
