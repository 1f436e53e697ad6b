import { createCanvas } from '@napi-rs/canvas';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { Wheel } from '../../../../main/engine-install/wheel.ts';
import { gtsrb } from '../../../../main/data/datasets/gtsrb.ts';
import { readTar } from '../../../../main/data/download/tar.ts';
import { parseCifar } from '../../../../main/data/readers/cifar.ts';
import { gunzipped } from '../../../../main/data/readers/gunzip.ts';
import { parseIdx, parseIdxLabels } from '../../../../main/data/readers/idx.ts';
import { decodePicture } from '../../../../main/data/pictures/decode-picture.ts';
import type { Picture } from '../../../../main/data/pictures/picture.ts';
import { tokensOf } from '../../../../main/data/texts.ts';
import { wheelBytes } from '../../../engine-install/wheel-bytes.ts';
import { cifarBytes, idxBytes } from '../../../data/idx-bytes.ts';
import { tarBytes } from '../../../data/tar-bytes.ts';
import { bytesOf, textOf, type Parser } from '../parser.ts';
import { pillowPictures } from '../../../data/pillow-pictures.ts';
import { asFile, scratch } from '../scratch.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, k) => k);

/** As it is, and packed. */
const bothWays = (bytes: Uint8Array) => [bytes, new Uint8Array(gzipSync(bytes))];

const idxImages: Parser = {
  name: 'idx-images',
  seeds: () => bothWays(idxBytes([3, 4, 4], upTo(48))),
  parse: (input) => parseIdx(input, 'file', 3),
};

const idxLabels: Parser = {
  name: 'idx-labels',
  seeds: () => bothWays(idxBytes([20], upTo(20).map((k) => k % 10))), // prettier-ignore
  parse: (input) => parseIdxLabels(input, 'file', 10),
};

const cifar: Parser = {
  name: 'cifar',
  seeds: () => bothWays(cifarBytes([1, 7].map((label) => ({ label, colour: [label, 100, 200] })))),
  parse: (input) => parseCifar(input, 'file'),
  // No beginning of a file says what it is: only the length and the labels can be wrong.
  shortRun: 250,
};

const gunzip: Parser = {
  name: 'gunzip',
  seeds: () => [new Uint8Array(gzipSync(bytesOf('some text '.repeat(20)))), new Uint8Array(gzipSync(new Uint8Array()))],
  parse: (input) => gunzipped(input, 'file'),
};

/** Larger than this no picture of a fuzzer is, unless its header alone says so. */
const mostPictureMemory = 700_000_000;

/** One of each way of decoding. */
const picturesToMutate =
  /^(PNG (palette, opacity|colour, 16 bits, interlaced|orientation 5)|JPEG (CMYK|RGB), subsampling 2, progressive, restarts 2|JPEG orientation 6|PPM text up to 1000)$/;

const picture: Parser = {
  name: 'picture',
  seeds: () => {
    const canvas = createCanvas(7, 5);
    const context = canvas.getContext('2d');
    context.fillStyle = '#4080c0';
    context.fillRect(1, 1, 4, 3);
    const ppm = Buffer.concat([Buffer.from('P6 # words\n2 3\n255\n'), Buffer.alloc(18, 7)]);
    const others = pillowPictures.filter(({ name }) => picturesToMutate.test(name)).map(({ file }) => file);
    return [canvas.toBuffer('image/png'), canvas.toBuffer('image/jpeg'), ppm, ...others].map((bytes) => new Uint8Array(bytes)); // prettier-ignore
  },
  parse: (input) => decodePicture(input, 'file', true),
  wrong: (value) => {
    const { width, height, pixels } = value as Picture;
    return pixels.length === 4 * width * height ? undefined : `${width} x ${height} with ${pixels.length} values`;
  },
  dictionary: [
    'IHDR',
    'IDAT',
    'IEND',
    'PLTE',
    'tRNS',
    'acTL',
    'iCCP',
    'JFIF',
    'Exif',
    'RIFF',
    'WEBP',
    'VP8X',
    'P6 ',
    'P3 ',
    'eXIf',
    '\n255\n',
    '#',
  ],
  mend: withPngChecksums,
  mostMemory: mostPictureMemory,
};

/** A PNG file's chunks: length, type, data, CRC-32 of type and data. */
function withPngChecksums(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input);
  if (bytes.toString('latin1', 1, 4) !== 'PNG') return input;
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

const tar: Parser = {
  name: 'tar',
  seeds: () => [
    tarBytes([
      { path: 'cifar/', content: new Uint8Array(), type: '5' },
      { path: 'cifar/batch.bin', content: bytesOf('x'.repeat(700)) },
      { path: 'readme', content: bytesOf('words'), prefix: 'a/b' },
    ]),
  ],
  parse: async (input) => {
    const files: [string, number][] = [];
    for await (const { path, content } of readTar(inChunks(input), 'file')) {
      let bytes = 0;
      for await (const chunk of content) bytes += chunk.length;
      files.push([path, bytes]);
    }
    return files;
  },
  mend: withTarChecksums,
};

/** The sum of a header's bytes, where the checksum itself counts as spaces. */
function withTarChecksums(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  }
  return bytes;
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300) yield bytes.subarray(at, at + 300);
}

const wheel: Parser = {
  name: 'wheel',
  seeds: () => [wheelBytes({ 'tensorflow/a.so': 'library', 'tensorflow/b.h': 'header' })],
  parse: async (input) => {
    const opened = await Wheel.open(asFile(input, 'wheel', 'tensorflow.whl'));
    try {
      return await opened.unpack(scratch('wheel', 'unpacked'), (name) =>
        name.startsWith('tensorflow/') ? 'file' : undefined,
      );
    } finally {
      opened.close();
    }
  },
  dictionary: ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'RECORD', '.dist-info/', 'sha256=', '../../x'],
  shortRun: 250,
};

const gtsrbTable: Parser = {
  name: 'gtsrb-table',
  seeds: () => {
    const images = scratch('gtsrb', 'Final_Test', 'Images');
    writeFileSync(join(images, '00000.ppm'), Buffer.concat([Buffer.from('P6\n4 4\n255\n'), Buffer.alloc(48, 9)]));
    const rows = ['Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId', '00000.ppm;4;4;1;1;2;2;16'];
    return [bytesOf(`${rows.join('\r\n')}\r\n`)];
  },
  parse: async (input) => {
    mkdirSync(scratch('gtsrb'), { recursive: true });
    writeFileSync(join(scratch('gtsrb', 'Final_Test', 'Images'), 'GT-final_test.csv'), input);
    const params = gtsrb.params.parse({ folder: scratch('gtsrb'), train: false, crop: true });
    return gtsrb.load(params as never, { dataDir: scratch('gtsrb'), seed: 0 });
  },
  shortRun: 250,
};

const sentence: Parser = {
  name: 'sentence',
  seeds: () => [bytesOf('by the way'), bytesOf('  7 plus\t7 ')],
  parse: (input) => tokensOf(textOf(input), ['<pad>', 'by', 'the', 'way', 'plus', '7']),
};

/** Parsers of datasets' files. */
export const dataParsers: readonly Parser[] = [
  idxImages,
  idxLabels,
  cifar,
  gunzip,
  picture,
  tar,
  wheel,
  gtsrbTable,
  sentence,
];
