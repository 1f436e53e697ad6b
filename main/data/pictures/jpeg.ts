import { cutOff, notPicture } from './not-picture.ts';
import type { OrientationData } from './exif.ts';
import type { Picture } from './picture.ts';

/** A JPEG whose scans were found whole. */
interface WholeJpeg {
  /** The file without what changes how its pixels are shown: EXIF, colour profiles, comments. */
  bare: Uint8Array;
  /** How it is to be turned. */
  orientation: OrientationData;
}

type Size = Pick<Picture, 'width' | 'height'>;

interface Component {
  id: number;
  /** Blocks across and down in an interleaved unit. */
  across: number;
  down: number;
  /** Blocks in a row, those included that only fill the last unit. */
  stride: number;
  /** For each block of a progressive picture which of its 64 coefficients are not 0, two words a block. */
  known: Uint32Array;
  /** For each of the 64 coefficients how many of its lowest bits are still to come; {@link unseen} before its first scan. */
  missing: Uint8Array;
}

interface Frame {
  width: number;
  height: number;
  isProgressive: boolean;
  mostAcross: number;
  mostDown: number;
  components: Component[];
}

/** What a scan is made of (ITU-T T.81, B.2.3). */
interface Scan {
  parts: { component: Component; dc: HuffmanTable | undefined; ac: HuffmanTable | undefined }[];
  first: number;
  last: number;
  /** Whether it makes coefficients more precise that an earlier scan has begun. */
  refines: boolean;
  /** How many of their lowest bits it leaves out. */
  missing: number;
}

/** Marker bytes (T.81, table B.1). */
const [endOfImage, startOfScan, huffmanTables, restartInterval] = [0xd9, 0xda, 0xc4, 0xdd];
/** Frames that are Huffman coded in blocks: baseline, extended and progressive. Others are left to the decoder. */
const [baseline, extended, progressive] = [0xc0, 0xc1, 0xc2];
const exifSegment = 0xe1;
/** JFIF and Adobe say how colours are coded; of the application's segments these alone are kept. */
const keptSegments = new Set([0xe0, 0xee]);
const comment = 0xfe;
/** Stands for the bits of a coefficient that no scan has begun. */
const unseen = 255;
/** How segments of the application begin that say how a picture is to be turned, by what they hold. */
const [exifStart, xmpStart] = ['Exif\0\0', 'http://ns.adobe.com/xap/1.0/\0'];

/** Bytes that may stand between a segment or the last block of a scan and the next marker: some writers pad. */
const mostPadding = 16;

/**
 * Checks that a JPEG has all of its blocks, scans and its end, by reading its Huffman codes without computing a pixel: decoders fill what is
 * missing with grey, and say nothing. @throws CupbearerError `bad-data` naming `file` where something is missing or damaged.
 */
export function wholeJpeg(bytes: Uint8Array, size: Size, file: string): WholeJpeg {
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  const tables = new Map<number, HuffmanTable>();
  const orientation: OrientationData = {};
  let frame: Frame | undefined;
  let interval = 0;
  for (let at = 2; ;) {
    const place = markerFrom(bytes, at, file);
    const marker = bytes[place]!;
    if (marker === endOfImage) {
      kept.push(bytes.subarray(place - 1, place + 1));
      break;
    }
    const segment = segmentAt(bytes, place + 1, file);
    const end = place + 3 + segment.length;
    if (marker === exifSegment) {
      orientation.exif ??= behind(exifStart, segment);
      orientation.xmp ??= behind(xmpStart, segment);
    }
    const isNote = (marker >= 0xe0 && marker <= 0xef && !keptSegments.has(marker)) || marker === comment;
    if (!isNote) kept.push(bytes.subarray(place - 1, end));
    if (marker === huffmanTables) readTables(segment, tables, file);
    if (marker === restartInterval) interval = ((segment[0] ?? 0) << 8) | (segment[1] ?? 0);
    if (marker === baseline || marker === extended || marker === progressive) {
      if (frame) throw damaged(file);
      frame = readFrame(segment, size, marker === progressive, file);
    }
    at = end;
    if (marker !== startOfScan) continue;
    const codes = new CodeReader(bytes, at, file);
    if (frame) readScan(frame, scanOf(segment, frame, tables, file), interval, codes);
    else codes.skipScan();
    kept.push(bytes.subarray(at, codes.at));
    at = codes.at;
  }
  // A progressive picture that ends after a few of its scans is whole, and blurred.
  if (frame?.components.some(({ missing }) => missing.some((bits) => bits > 0))) throw damaged(file);
  return { bare: kept.length === 1 ? bytes : Buffer.concat(kept), orientation };
}

function damaged(file: string): Error {
  return notPicture(file, 'found a JPEG whose pixels are damaged');
}

/** Returns where the code of the next marker is that stands alone or begins a segment. */
function markerFrom(bytes: Uint8Array, from: number, file: string): number {
  for (let at = from; ; at++) {
    const start = at;
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    if (at < bytes.length && at - start > mostPadding) throw damaged(file);
    while (at < bytes.length && bytes[at] === 0xff) at++;
    const marker = bytes[at];
    if (marker === undefined) throw cutOff(file);
    const isBare = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (!isBare) return at;
  }
}

function segmentAt(bytes: Uint8Array, at: number, file: string): Uint8Array {
  const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (length < 2) throw damaged(file);
  if (at + length > bytes.length) throw cutOff(file);
  return bytes.subarray(at + 2, at + length);
}

/** What follows the `start` of a segment; undefined where it begins otherwise. */
function behind(start: string, segment: Uint8Array): Uint8Array | undefined {
  const { length } = start;
  return String.fromCharCode(...segment.subarray(0, length)) === start ? segment.subarray(length) : undefined;
}

function readFrame(segment: Uint8Array, size: Size, isProgressive: boolean, file: string): Frame {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const count = segment[5] ?? 0;
  if (count < 1 || count > 4 || segment.length < 6 + 3 * count) throw damaged(file);
  const [height, width] = [view.getUint16(1), view.getUint16(3)];
  // Another frame than the one whose size was checked.
  if (width !== size.width || height !== size.height) throw damaged(file);
  const found = Array.from({ length: count }, (_, k) => {
    const [id, sampling] = [segment[6 + 3 * k]!, segment[7 + 3 * k]!];
    return { id, across: sampling >> 4, down: sampling & 15 };
  });
  if (found.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) throw damaged(file);
  const mostAcross = Math.max(...found.map(({ across }) => across));
  const mostDown = Math.max(...found.map(({ down }) => down));
  const [columns, rows] = [Math.ceil(width / (8 * mostAcross)), Math.ceil(height / (8 * mostDown))];
  const components = found.map(({ id, across, down }): Component => {
    const stride = columns * across;
    const known = new Uint32Array(isProgressive ? 2 * stride * rows * down : 0);
    return { id, across, down, stride, known, missing: new Uint8Array(64).fill(unseen) };
  });
  return { width, height, isProgressive, mostAcross, mostDown, components };
}

function scanOf(segment: Uint8Array, frame: Frame, tables: ReadonlyMap<number, HuffmanTable>, file: string): Scan {
  const count = segment[0] ?? 0;
  if (count < 1 || count > 4 || segment.length < 4 + 2 * count) throw damaged(file);
  const parts = Array.from({ length: count }, (_, k) => {
    const component = frame.components.find(({ id }) => id === segment[1 + 2 * k]);
    if (!component) throw damaged(file);
    const choice = segment[2 + 2 * k]!;
    return { component, dc: tables.get(choice >> 4), ac: tables.get(16 | (choice & 15)) };
  });
  const [first, last, precision] = [segment[1 + 2 * count]!, segment[2 + 2 * count]!, segment[3 + 2 * count]!];
  if (!frame.isProgressive) return { parts, first: 0, last: 63, refines: false, missing: 0 };
  if (first > last || last > 63 || (first === 0 && last > 0) || (first > 0 && count > 1)) throw damaged(file);
  return { parts, first, last, refines: precision >> 4 > 0, missing: precision & 15 };
}

/** Reads all blocks of a scan. */
function readScan(frame: Frame, scan: Scan, interval: number, codes: CodeReader): void {
  const [only] = scan.parts.length === 1 ? scan.parts : [];
  const size = (pixels: number, share: number, most: number) => Math.ceil(Math.ceil((pixels * share) / most) / 8);
  // A component alone comes block by block, without those that only fill a unit (T.81, A.2.2).
  const columns = only
    ? size(frame.width, only.component.across, frame.mostAcross)
    : Math.ceil(frame.width / (8 * frame.mostAcross));
  const rows = only
    ? size(frame.height, only.component.down, frame.mostDown)
    : Math.ceil(frame.height / (8 * frame.mostDown));
  const read = blockReader(frame, scan, codes);
  const total = columns * rows;
  for (let unit = 0, left = interval; unit < total; unit++, left--) {
    if (interval > 0 && left === 0) {
      codes.restart((unit / interval - 1) & 7);
      read.restart();
      left = interval;
    }
    const [column, row] = [unit % columns, Math.floor(unit / columns)];
    for (const [k, { component }] of scan.parts.entries()) {
      const [across, down] = only ? [1, 1] : [component.across, component.down];
      for (let y = 0; y < down; y++)
        for (let x = 0; x < across; x++) read.block(k, (row * down + y) * component.stride + column * across + x);
    }
  }
  codes.end();
  for (const { component } of scan.parts)
    for (let k = scan.first; k <= scan.last; k++)
      if (!scan.refines || component.missing[k] !== unseen) component.missing[k] = scan.missing;
}

/** Reads the codes of one block after the other, by the kind of scan (T.81, F.2.2, G.1.2 and G.2). */
function blockReader({ isProgressive }: Frame, { parts, first, last, refines }: Scan, codes: CodeReader) {
  /** Blocks that follow without a coefficient of their own. */
  let empty = 0;
  const tableOf = (table: HuffmanTable | undefined): HuffmanTable => table ?? codes.fail();
  const dcOf = parts.map(({ dc }) => (first === 0 && !refines ? tableOf(dc) : undefined));
  const acOf = parts.map(({ ac }) => (last > 0 ? tableOf(ac) : undefined));

  function readDc(part: number): void {
    codes.skip(codes.symbol(dcOf[part]!));
  }

  function readWhole(part: number): void {
    readDc(part);
    const table = acOf[part]!;
    for (let k = 1; k < 64; k++) {
      const code = codes.symbol(table);
      const [run, size] = [code >> 4, code & 15];
      if (size === 0 && run < 15) return;
      k += run;
      if (k > 63) codes.fail();
      codes.skip(size);
    }
  }

  function readBand(part: number, block: number): void {
    if (empty > 0) {
      empty--;
      return;
    }
    const { known } = parts[part]!.component;
    const table = acOf[part]!;
    for (let k = first; k <= last; k++) {
      const code = codes.symbol(table);
      const [run, size] = [code >> 4, code & 15];
      if (size === 0 && run < 15) {
        empty = (1 << run) + codes.bits(run) - 1;
        return;
      }
      k += run;
      if (k > last) codes.fail();
      if (size === 0) continue;
      codes.skip(size);
      known[2 * block + (k >> 5)]! |= 1 << (k & 31);
    }
  }

  function readBandAgain(part: number, block: number): void {
    const { known } = parts[part]!.component;
    const table = acOf[part]!;
    const isKnown = (k: number) => ((known[2 * block + (k >> 5)]! >>> (k & 31)) & 1) === 1;
    let k = first;
    for (; k <= last && empty === 0; k++) {
      const code = codes.symbol(table);
      const [run, size] = [code >> 4, code & 15];
      if (size > 1) codes.fail();
      if (size === 0 && run < 15) {
        empty = (1 << run) + codes.bits(run);
        break;
      }
      codes.skip(size);
      for (let left = run; k <= last; k++) {
        if (isKnown(k)) codes.skip(1);
        else if (left-- === 0) break;
      }
      if (size === 0) continue;
      if (k > last) codes.fail();
      known[2 * block + (k >> 5)]! |= 1 << (k & 31);
    }
    if (empty === 0) return;
    empty--;
    // Most blocks: a few bytes may stand for thousands of them.
    if (known[2 * block] === 0 && known[2 * block + 1] === 0) return;
    for (; k <= last; k++) if (isKnown(k)) codes.skip(1);
  }

  const block = !isProgressive
    ? readWhole
    : first === 0
      ? refines
        ? () => codes.skip(1)
        : readDc
      : refines
        ? readBandAgain
        : readBand;
  return { block, restart: () => (empty = 0) };
}

/** Codes of up to eight bits are found at once. */
const quickBits = 8;

/** A Huffman table (T.81, annex C). */
class HuffmanTable {
  /** By the next eight bits: length of the code and its symbol; 0 if the code is longer. */
  readonly quick = new Uint16Array(1 << quickBits);
  /** By length: the first code that is larger than all of it, and what is added to a code to find its symbol. */
  readonly #beyond = new Int32Array(17);
  readonly #shift = new Int32Array(17);
  readonly #symbols: Uint8Array;

  constructor(counts: Uint8Array, symbols: Uint8Array) {
    this.#symbols = symbols;
    let code = 0;
    let first = 0;
    for (let length = 1; length <= 16; length++) {
      const count = counts[length - 1]!;
      this.#shift[length] = first - code;
      if (length <= quickBits) {
        for (let k = 0; k < count; k++) {
          const from = (code + k) << (quickBits - length);
          this.quick.fill((length << 8) | symbols[first + k]!, from, from + (1 << (quickBits - length)));
        }
      }
      code += count;
      first += count;
      this.#beyond[length] = code;
      code <<= 1;
    }
  }

  /** The length of the code that 16 bits begin with and its symbol; 0 if there is none. */
  slow(bits: number): number {
    for (let length = quickBits + 1; length <= 16; length++) {
      const code = bits >> (16 - length);
      if (code < this.#beyond[length]!) return (length << 8) | this.#symbols[code + this.#shift[length]!]!;
    }
    return 0;
  }
}

/** Tables by their place: 0 to 15 for DC, 16 to 31 for AC. */
function readTables(segment: Uint8Array, tables: Map<number, HuffmanTable>, file: string): void {
  for (let at = 0; at < segment.length;) {
    const place = segment[at]!;
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length < 16 || total > 256 || at + 17 + total > segment.length || !isPrefixCode(counts)) {
      throw damaged(file);
    }
    tables.set(place, new HuffmanTable(counts, segment.subarray(at + 17, at + 17 + total)));
    at += 17 + total;
  }
}

/** Whether there are so many codes of each length. */
function isPrefixCode(counts: Uint8Array): boolean {
  let code = 0;
  return counts.every((count, k) => {
    code = 2 * code + count;
    return code <= 1 << (k + 1);
  });
}

/** Reads bits of a scan up to the next marker. */
class CodeReader {
  /** Where the next byte is; behind {@link end} where the marker is. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #file: string;
  #bits = 0;
  #held = 0;

  constructor(bytes: Uint8Array, at: number, file: string) {
    this.#bytes = bytes;
    this.at = at;
    this.#file = file;
  }

  fail(): never {
    throw damaged(this.#file);
  }

  /** Takes bytes until 24 bits are held or a marker comes; FF 00 stands for FF. */
  #fill(): void {
    const bytes = this.#bytes;
    while (this.#held <= 16) {
      const byte = bytes[this.at];
      if (byte === undefined || (byte === 0xff && bytes[this.at + 1] !== 0)) return;
      this.at += byte === 0xff ? 2 : 1;
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff;
      this.#held += 8;
    }
  }

  symbol(table: HuffmanTable): number {
    if (this.#held < 16) this.#fill();
    const ahead = (this.#held >= 16 ? this.#bits >> (this.#held - 16) : this.#bits << (16 - this.#held)) & 0xffff;
    const found = table.quick[ahead >> (16 - quickBits)]! || table.slow(ahead);
    const length = found >> 8;
    if (length === 0) this.fail();
    if (length > this.#held) this.#missing();
    this.#held -= length;
    return found & 0xff;
  }

  bits(count: number): number {
    if (count === 0) return 0;
    if (this.#held < count) this.#fill();
    if (this.#held < count) this.#missing();
    this.#held -= count;
    return (this.#bits >> this.#held) & ((1 << count) - 1);
  }

  skip(count: number): void {
    if (count > 16) this.fail();
    this.bits(count);
  }

  #missing(): never {
    if (this.at >= this.#bytes.length) throw cutOff(this.#file);
    return this.fail();
  }

  /** Continues after the restart marker with a number from 0 to 7. */
  restart(number: number): void {
    this.end();
    while (this.#bytes[this.at + 1] === 0xff) this.at++;
    if (this.#bytes[this.at + 1] !== 0xd0 + number) this.#missing();
    this.at += 2;
  }

  /** Continues at the next marker; only padding may come before it. */
  end(): void {
    const from = this.at;
    this.#held = 0;
    this.skipScan(true);
    if (this.at - from > mostPadding) this.fail();
  }

  /** Continues at the next marker, skipping restart markers unless `stopsAtRestart`. */
  skipScan(stopsAtRestart = false): void {
    const bytes = this.#bytes;
    for (; ; this.at++) {
      this.at = bytes.indexOf(0xff, this.at);
      if (this.at === -1) throw cutOff(this.#file);
      const next = bytes[this.at + 1];
      const isRestart = next !== undefined && next >= 0xd0 && next <= 0xd7;
      if (next !== 0 && next !== undefined && (stopsAtRestart || !isRestart)) return;
      if (next === undefined) throw cutOff(this.#file);
    }
  }
}
