import type { Picture } from './picture.ts';

/**
 * How to turn a picture, as EXIF numbers it: 1 not at all, 2 to 8 mirrored or turned by right angles.
 * `transposed` swaps rows and columns; `mirrored` and `flipped` then say which end of the stored picture comes first.
 */
const turns: Readonly<Record<number, { transposed: boolean; mirrored: boolean; flipped: boolean }>> = {
  2: { transposed: false, mirrored: true, flipped: false },
  3: { transposed: false, mirrored: true, flipped: true },
  4: { transposed: false, mirrored: false, flipped: true },
  5: { transposed: true, mirrored: false, flipped: false },
  6: { transposed: true, mirrored: false, flipped: true },
  7: { transposed: true, mirrored: true, flipped: true },
  8: { transposed: true, mirrored: true, flipped: false },
};

/** What a file says of how it is to be turned. */
export interface OrientationData {
  /** EXIF data: TIFF's structure, perhaps behind "Exif" and two zeros. */
  exif?: Uint8Array | undefined;
  /** XMP, a document of XML. */
  xmp?: Uint8Array | undefined;
}

const orientationTag = 0x0112;
/** Types of a whole number in TIFF: of 16 and 32 bits, without and with a sign. */
const [shortType, longType, signedShortType, signedLongType] = [3, 4, 8, 9];
const exifStart = Buffer.from('Exif\0\0', 'latin1');

/** Returns the orientation that a file names, in EXIF or else in XMP, as Pillow looks for it; 1 if it names none. */
export function orientationIn({ exif, xmp }: OrientationData): number {
  const named = (exif && exifOrientation(exif)) ?? (xmp && xmpOrientation(xmp)) ?? 1;
  return named in turns ? named : 1;
}

function xmpOrientation(xmp: Uint8Array): number | undefined {
  const found = /tiff:Orientation(?:="|>)(\d)/.exec(
    Buffer.from(xmp.buffer, xmp.byteOffset, xmp.length).toString('latin1'),
  );
  return found ? Number(found[1]) : undefined;
}

function exifOrientation(data: Uint8Array): number | undefined {
  const hasStart = exifStart.equals(data.subarray(0, exifStart.length));
  const exif = hasStart ? data.subarray(exifStart.length) : data;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return undefined;
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) return undefined;
  const isLittle = mark === 0x4949;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > exif.length) return undefined;
  const count = view.getUint16(directory, isLittle);
  for (let k = 0, at = directory + 2; k < count && at + 12 <= exif.length; k++, at += 12) {
    if (view.getUint16(at, isLittle) !== orientationTag) continue;
    const type = view.getUint16(at + 2, isLittle);
    if (type === shortType || type === signedShortType) return view.getUint16(at + 8, isLittle);
    return type === longType || type === signedLongType ? view.getUint32(at + 8, isLittle) : undefined;
  }
  return undefined;
}

/** Returns the picture upright, as Pillow's `ImageOps.exif_transpose` turns it. */
export function turned(picture: Picture, orientation: number): Picture {
  const turn = turns[orientation];
  if (!turn) return picture;
  const { width: across, height: down, pixels } = picture;
  const [width, height] = turn.transposed ? [down, across] : [across, down];
  const from = new Uint32Array(pixels.buffer, pixels.byteOffset, across * down);
  const to = new Uint32Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = turn.transposed ? [y, x] : [x, y];
      to[y * width + x] =
        from[(turn.flipped ? down - 1 - row : row) * across + (turn.mirrored ? across - 1 - column : column)]!;
    }
  }
  return { width, height, pixels: new Uint8ClampedArray(to.buffer) };
}
