import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { mostPixels, parsePictureHeader } from '../../main/data/pictures/picture-header.ts';
import { decodePicture, withPicture } from '../../main/data/pictures/decode-picture.ts';
import { PixelRoom } from '../../main/data/pictures/pixel-room.ts';
import { pngBytes, pngChunk } from './png-bytes.ts';

const canvas = createCanvas(8, 6);
canvas.getContext('2d').fillRect(0, 0, 8, 6);
const jpeg = canvas.toBuffer('image/jpeg');
const ppm = Buffer.concat([Buffer.from('P6 # made by hand\n2 1\n255\n'), Buffer.from([1, 2, 3, 4, 5, 6])]);

/** The JPEG with another size in its frame's header. */
function jpegOf(width: number, height: number): Buffer {
  const bytes = Buffer.from(jpeg);
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}

/** A file that holds these bytes until the test ends. */
function pictureFile(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'cupbearer-picture-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'x.png'), bytes);
  return join(folder, 'x.png');
}

describe('the header of a picture', () => {
  it('has format and size without anything being decoded', () => {
    expect(parsePictureHeader(jpeg, 'x')).toEqual({ format: 'JPEG', width: 8, height: 6, isGrey: false });
    expect(parsePictureHeader(ppm, 'x')).toEqual({ format: 'PPM', width: 2, height: 1, isGrey: false });
    const grey = pngBytes({ width: 5, height: 7 }).subarray(0, 33);
    expect(parsePictureHeader(grey, 'x')).toEqual({ format: 'PNG', width: 5, height: 7, isGrey: true });
    expect(parsePictureHeader(pngBytes({ width: 5, height: 7, colourType: 6 }), 'x')).toMatchObject({ isGrey: false });
  });

  it('is not known yet where the beginning is too short', () => {
    for (const whole of [jpeg, ppm, pngBytes({ width: 5, height: 7 })])
      expect(parsePictureHeader(whole.subarray(0, 9), 'x')).toBeUndefined();
  });

  it('is found behind any segments of a JPEG', () => {
    const segment = (marker: number, length: number) =>
      Buffer.concat([Buffer.from([0xff, marker, (length + 2) >> 8, (length + 2) & 0xff]), Buffer.alloc(length, 0xc0)]);
    const long = Buffer.concat([jpeg.subarray(0, 2), segment(0xe1, 60_000), segment(0xe2, 60_000), jpeg.subarray(2)]);
    expect(parsePictureHeader(long, 'x')).toMatchObject({ width: 8, height: 6 });
    expect(parsePictureHeader(long.subarray(0, 100_000), 'x')).toBeUndefined();
  });

  it('ends for any bytes behind the first three', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const magic of [
          [0xff, 0xd8, 0xff],
          [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
          [0x50, 0x36],
        ]) {
          try {
            parsePictureHeader(Uint8Array.from([...magic, ...bytes]), 'x');
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad-data' });
          }
        }
      }),
    );
  });
});

describe('a picture that is too large', () => {
  it.each([
    ['a PNG of 2^28 pixels', pngBytes({ width: 2 ** 14, height: 2 ** 14, bitDepth: 1 })],
    ['a PNG of a few pixels too many', pngBytes({ width: 8193, height: 4096, bitDepth: 1 })],
    ['a PNG of one long row', pngBytes({ width: 2 ** 16, height: 1, bitDepth: 1 })],
    ['a JPEG whose frame claims it', jpegOf(65_535, 65_535)],
    ['a PPM that claims it', Buffer.from('P6 16384 16384 255 x')],
  ])('is refused by its header: %s', async (_, bytes) => {
    await expect(decodePicture(bytes, 'x.png')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(`x.png: expected a picture of at most ${mostPixels} pixels`) as string,
    });
  });

  it('is none that a common camera takes', () => {
    for (const [width, height] of [
      [6000, 4000],
      [7008, 4672],
    ] as const)
      // prettier-ignore
      expect(parsePictureHeader(jpegOf(width, height), 'x')).toMatchObject({ width, height });
  });

  it('is refused where a JPEG of a few bytes asks for thousands of passes', async () => {
    const scan = jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xda])), -2);
    const claims = jpegOf(5000, 5000).subarray(0, -2);
    const bytes = Buffer.concat([claims, ...Array.from({ length: 100 }, () => scan), jpeg.subarray(-2)]);
    await expect(decodePicture(bytes, 'x.jpg')).rejects.toThrow('a JPEG with more than 85 scans of 5000 x 5000 pixels');
  });
});

describe('a picture file that holds something else', () => {
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  it.each([
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>')],
    ['an SVG', Buffer.from('\ufeff<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a GIF', gif],
    ['a WebP', canvas.toBuffer('image/webp')],
    ['an AVIF or HEIC', canvas.toBuffer('image/avif')],
    ['a BMP', Buffer.from('BM6\0\0\0')],
    ['an icon', Buffer.from([0, 0, 1, 0, 1, 0])],
    ['a TIFF', Buffer.from('II*\0')],
    ['something else', Buffer.from('no picture at all')],
    ['nothing', Buffer.alloc(0)],
  ])('is refused, as %s', async (kind, bytes) => {
    await expect(decodePicture(bytes, 'x.png')).rejects.toMatchObject({
      code: 'bad-data',
      message: `x.png: expected a PNG, JPEG, PPM, PGM or PBM picture, found ${kind}.`,
    });
  });

  it('gives the still image of a PNG that moves', async () => {
    const moves = pngChunk('acTL', Buffer.from([0, 0, 0, 9, 0, 0, 0, 0]));
    const frame = pngChunk('fcTL', Buffer.alloc(26));
    const { width, height, pixels } = await decodePicture(
      pngBytes({ width: 3, height: 2, chunks: [moves, frame] }),
      'x.png',
    );
    expect([width, height, pixels.length]).toEqual([3, 2, 24]);
  });

  it('is refused unread where a table names what is not a file', async () => {
    if (process.platform === 'win32') return;
    const place = mkdtempSync(join(tmpdir(), 'cupbearer-pipe-'));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    const folder = join(place, 'Final_Training', 'Images', '00000');
    mkdirSync(folder, { recursive: true });
    execFileSync('mkfifo', [join(folder, 'a.ppm')]);
    const head = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';
    writeFileSync(join(folder, 'GT-00000.csv'), `${head}\na.ppm;1;1;0;0;0;0;0\n`);
    await expect(loadDataset({ name: 'gtsrb', folder: place }, { dataDir: place, seed: 0 })).rejects.toThrow(
      'it is a pipe or device, where a file was expected',
    );
  });
});

describe('the room for decoding', () => {
  it('lets a picture wait until those before it are done, and one of any size alone', async () => {
    const room = new PixelRoom(undefined, 100);
    const other = new PixelRoom(room.shared, 100);
    const order: string[] = [];
    await room.take(60);
    const second = other.take(60).then(() => order.push('second'));
    const third = room.take(30).then(() => order.push('third'));
    await third;
    expect(order).toEqual(['third']);
    room.giveBack(60);
    await new Promise((resolve) => setImmediate(resolve));
    other.giveBack(30);
    await second;
    expect(order).toEqual(['third', 'second']);
    other.giveBack(60);
    await room.take(1000);
    room.giveBack(1000);
  });

  it('is taken until the pixels are gone, which they are once they were used', async () => {
    const room = new PixelRoom(undefined, 100);
    const path = pictureFile(ppm);
    const used = await withPicture(
      path,
      (picture) => {
        expect(Atomics.load(room.shared, 0)).toBe(2);
        return { picture, copy: [...picture.pixels] };
      },
      { room },
    );
    expect(used.copy).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
    expect(used.picture.pixels).toHaveLength(0);
    expect(Atomics.load(room.shared, 0)).toBe(0);
  });

  it('is given back by pictures that cannot be decoded, or are of no use', async () => {
    const room = new PixelRoom(undefined, 100);
    const cut = pictureFile(Buffer.from('P6 10 10 255 x'));
    await expect(withPicture(cut, () => expect.unreachable(), { room })).rejects.toThrow(
      'found a PPM with 1 bytes for 10 x 10 pixels',
    );
    const useless = () => {
      throw new Error('useless');
    };
    await expect(withPicture(pictureFile(ppm), useless, { room })).rejects.toThrow('useless');
    expect(Atomics.load(room.shared, 0)).toBe(0);
  });
});

describe('large pictures one after the other', () => {
  it('take hardly more memory than one of them', () => {
    const path = pictureFile(pngBytes({ width: 4000, height: 3000, colourType: 2 }));
    const script = `
      const { withPicture } = await import(${JSON.stringify(new URL('../../main/data/pictures/decode-picture.ts', import.meta.url))});
      const decode = () => withPicture(${JSON.stringify(path)}, ({ pixels }) => pixels.length);
      await decode();
      const before = process.resourceUsage().maxRSS;
      for (let i = 0; i < 15; i++) await decode();
      console.log((process.resourceUsage().maxRSS - before) * 1024);`;
    const more = Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
    // The pixels of one are 48 MB. Those that wait for a collection would be three times as many.
    expect(more).toBeLessThan(100e6);
  });
});
