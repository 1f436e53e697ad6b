import { CupbearerError } from '../../../shared/errors.ts';
import { ByteFile, type BytePlace } from '../../storage/byte-file.ts';
import { floatTypes, type FloatType } from '../../storage/float-types.ts';
import { WatchedFile, type FileState } from '../../storage/watched-file.ts';

/** Rows that lie in a file at equal distances. */
export interface RowBlock {
  /** Number of the file among those of its set. */
  readonly file: number;
  /** Byte at which the first one begins, and bytes from one to the next. */
  readonly start: number;
  readonly stride: number;
  /** How many rows of the layer come before these, and how many these are. */
  readonly first: number;
  readonly rows: number;
}

/** Where the rows of a layer lie: one for each sample, or one for each token of ragged sequences. */
export interface RowLayout {
  /** The format's name of the element type: "F16". */
  readonly type: string;
  /** Elements of a row. */
  readonly width: number;
  /** In the order of their rows, without gaps. */
  readonly blocks: readonly RowBlock[];
  /** Which rows are a sample's; one is where undefined. */
  readonly spans?: RowSpans | undefined;
}

/** Which rows of a layer are the tokens of a sample. */
export interface RowSpans {
  /** Where those of each sample begin, `[n]`. */
  readonly begins: Float64Array;
  /** How many each has, `[n]`. */
  readonly lengths: Int32Array;
}

/** A file of others, or bytes that were unpacked into one of our own. */
export type RowFile = FileState | BytePlace;

/** Everything that reading needs, as it is sent to a thread. */
export interface StoredRows {
  readonly files: readonly RowFile[];
  readonly layers: Readonly<Record<string, RowLayout>>;
}

/** Bytes that are read before they are decoded: they stay in the processor's cache. */
const blockBytes = 2 ** 18;
/** Rows that lie apart are read one by one if they are as large as this; of smaller ones, what lies between is read too. */
const apartBytes = 4096;

/** Reads rows and decodes them to float32. */
export class RowReader {
  readonly #rows: StoredRows;
  readonly #files: readonly (WatchedFile | ByteFile)[];
  readonly #block = new Uint8Array(blockBytes);

  constructor(rows: StoredRows) {
    this.#rows = rows;
    this.#files = rows.files.map((file) => ('descriptor' in file ? ByteFile.shared(file) : new WatchedFile(file)));
  }

  /** How many numbers {@link read} returns. */
  count(layer: string, indices: ArrayLike<number>): number {
    const { width, spans } = this.#layout(layer);
    if (!spans) return width * indices.length;
    let rows = 0;
    for (let i = 0; i < indices.length; i++) rows += spans.lengths[indices[i]!]!;
    return width * rows;
  }

  /**
   * Returns the samples at `indices`, one after another; of ragged sequences all tokens. @throws CupbearerError `bad-data` if a
   * file has changed; `storage`; `internal` for an index or layer that there is not.
   */
  read(layer: string, indices: ArrayLike<number>): Float32Array<ArrayBuffer> {
    const layout = this.#layout(layer);
    const { spans } = layout;
    const begin = (i: number) => (spans ? spans.begins[indices[i]!]! : indices[i]!);
    const end = (i: number) => begin(i) + (spans ? spans.lengths[indices[i]!]! : 1);
    const values = new Float32Array(this.count(layer, indices));
    let at = 0;
    for (let i = 0; i < indices.length;) {
      // Neighbours come with one read.
      const first = begin(i);
      let last = end(i);
      for (i++; i < indices.length && begin(i) === last; i++) last = end(i);
      this.#readRows(layout, first, last, values, at);
      at += (last - first) * layout.width;
    }
    return values;
  }

  /** Closes the files of others. */
  close(): void {
    for (const file of this.#files) if (file instanceof WatchedFile) file.close();
  }

  #layout(layer: string): RowLayout {
    const layout = this.#rows.layers[layer];
    if (!layout) throw new CupbearerError('internal', `There is no stored layer "${layer}".`);
    return layout;
  }

  #readRows({ type, width, blocks }: RowLayout, from: number, to: number, values: Float32Array, at: number): void {
    const { bytes, widen } = floatTypeOf(type);
    for (let i = blockOf(blocks, from), row = from; row < to; i++) {
      const block = blocks[i];
      if (!block) throw new CupbearerError('internal', `There are no stored rows ${row} to ${to - 1}.`);
      const end = Math.min(to, block.first + block.rows);
      const file = this.#files[block.file]!;
      const start = block.start + (row - block.first) * block.stride;
      const target = at + (row - from) * width;
      if (block.stride === width * bytes)
        this.#readDense(file, start, (end - row) * width, bytes, widen, values, target);
      else this.#readApart(file, { ...block, start, rows: end - row }, width, bytes, widen, values, target);
      row = end;
    }
  }

  #readDense(
    file: WatchedFile | ByteFile,
    start: number,
    count: number,
    bytes: number,
    widen: FloatType['widen'],
    values: Float32Array,
    at: number,
  ): void {
    const most = blockBytes / bytes;
    for (let done = 0; done < count; done += most) {
      const size = Math.min(most, count - done);
      file.readInto(this.#block.subarray(0, size * bytes), start + done * bytes);
      widen(this.#block, 0, size, values, at + done);
    }
  }

  #readApart(
    file: WatchedFile | ByteFile,
    { start, stride, rows }: RowBlock,
    width: number,
    bytes: number,
    widen: FloatType['widen'],
    values: Float32Array,
    at: number,
  ): void {
    const size = width * bytes;
    const together = size >= apartBytes ? 1 : Math.max(1, Math.floor((blockBytes - size) / stride) + 1);
    for (let row = 0; row < rows; row += together) {
      const count = Math.min(together, rows - row);
      if (count === 1) {
        this.#readDense(file, start + row * stride, width, bytes, widen, values, at + row * width);
        continue;
      }
      file.readInto(this.#block.subarray(0, (count - 1) * stride + size), start + row * stride);
      for (let i = 0; i < count; i++) widen(this.#block, i * stride, width, values, at + (row + i) * width);
    }
  }
}

/** @throws CupbearerError `internal` for a type that is not among those that are read. */
export function floatTypeOf(name: string): FloatType {
  const type = floatTypes.find(({ safetensors }) => safetensors === name);
  if (!type) throw new CupbearerError('internal', `No numbers of type ${name} are read.`);
  return type;
}

/** Number of the block that holds a row. */
function blockOf(blocks: readonly RowBlock[], row: number): number {
  let [low, high] = [0, blocks.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (blocks[middle]!.first <= row) low = middle;
    else high = middle;
  }
  return low;
}
