import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetFacts, loadDataset } from '../../main/data/datasets/load.ts';
import { decodePicture } from '../../main/data/pictures/decode-picture.ts';
import { cropped, scaled, type Picture } from '../../main/data/pictures/picture.ts';
import { RandomStream } from '../../main/tensor/random.ts';
import { pillowPictures } from './pillow-pictures.ts';
import { upTo } from './toy-dataset.ts';

let dataDir: string;
const warnings: string[] = [];
const context = () => ({ dataDir, seed: 0, warn: (message: string) => warnings.push(message) });

beforeEach(async () => {
  warnings.length = 0;
  dataDir = await mkdtemp(join(tmpdir(), 'cupbearer-pictures-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(dataDir, path)), { recursive: true });
  await writeFile(join(dataDir, path), bytes);
}

/** A picture of one colour. */
function plain(colour: string, width = 4, height = 4, type: 'image/png' | 'image/jpeg' = 'image/png'): Buffer {
  const canvas = createCanvas(width, height);
  const context2d = canvas.getContext('2d');
  context2d.fillStyle = colour;
  context2d.fillRect(0, 0, width, height);
  return type === 'image/png' ? canvas.toBuffer('image/png') : canvas.toBuffer('image/jpeg', 100);
}

/** A PPM whose pixels are given as red, green, blue. */
function ppm(width: number, height: number, pixels: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(`P6\n# a comment\n${width} ${height}\n255\n`), Buffer.from(pixels)]);
}

describe('pictures', () => {
  it('decodes PNG, JPEG, PPM, PGM and PBM', async () => {
    const red = [255, 0, 0, 255];
    expect([...(await decodePicture(plain('#f00'), 'a')).pixels.subarray(0, 4)]).toEqual(red);
    const jpeg = await decodePicture(plain('#f00', 16, 16, 'image/jpeg'), 'a');
    red.forEach((value, i) => expect(Math.abs(jpeg.pixels[i]! - value)).toBeLessThan(4));
    const { width, height, pixels } = await decodePicture(ppm(2, 1, [1, 2, 3, 4, 5, 6]), 'a');
    expect([width, height, ...pixels]).toEqual([2, 1, 1, 2, 3, 255, 4, 5, 6, 255]);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('no picture at all')],
    ['a PPM that is too short', ppm(2, 2, [1, 2, 3])],
    ['a PPM that claims to be huge', Buffer.from('P6 999999 999999 255 x')],
    ['the beginning of a PNG', plain('#f00', 64, 64).subarray(0, 40)],
  ])('names the file that is %s', async (_what, bytes) => {
    await expect(decodePicture(bytes, 'x.png')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining('x.png') as string,
    });
  });

  it('scales a region', async () => {
    const picture = await decodePicture(ppm(2, 1, [255, 0, 0, 0, 0, 255]), 'a');
    const right = scaled(picture, 1, 1, { x: 1, y: 0, width: 1, height: 1 });
    expect([...right.pixels]).toEqual([0, 0, 255, 255]);
  });

  it('is cut out of its middle as torchvision does it with Pillow, lying or standing', () => {
    const level = (y: number, x: number, c: number) => ((27 * y + 3 * x + c) * 37) % 256;
    const picture = (width: number, height: number, at: typeof level): Picture => ({
      width,
      height,
      pixels: Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => {
        const [pixel, c] = [Math.floor(i / 4), i % 4];
        return c === 3 ? 255 : at(Math.floor(pixel / width), pixel % width, c);
      }),
    });
    // Image.resize((7, 4), BILINEAR) and crop((2, 0, 5, 3)) of Pillow 12; the second turned by its diagonal.
    const lying = [124, 91, 105, 143, 180, 83, 77, 114, 151, 95, 132, 114, 130, 151, 188, 116, 85, 122, 65, 102, 139, 123, 121, 158, 181, 55, 92]; // prettier-ignore
    const standing = [124, 91, 105, 95, 132, 114, 65, 102, 139, 143, 180, 84, 130, 151, 188, 123, 121, 158, 77, 114, 151, 116, 85, 122, 181, 55, 92]; // prettier-ignore
    for (const [wanted, given] of [
      [lying, picture(9, 5, level)],
      [standing, picture(5, 9, (y, x, c) => level(x, y, c))],
    ] as const) {
      const found = [...cropped(given, 3, 4).pixels].filter((_, i) => i % 4 !== 3);
      // Pillow rounds between the two directions.
      found.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(1));
    }
    // A strip is not scaled to its whole length.
    expect(cropped(picture(1, 60_000, level), 4, 200).height).toBe(4);
  });

  it('averages where it shrinks and interpolates where it enlarges', async () => {
    const row = await decodePicture(
      ppm(
        4,
        1,
        [0, 40, 80, 120].flatMap((grey) => [grey, grey, grey]),
      ),
      'a',
    );
    const reds = (width: number) => Array.from({ length: width }, (_, x) => scaled(row, width, 1).pixels[4 * x]!);
    // Two output pixels with centres at 0.5 and 2.5: weights 0.75, 0.75, 0.25 of 1.75.
    expect(reds(2)).toEqual([Math.round((0.75 * 40 + 0.25 * 80) / 1.75), Math.round((0.25 * 40 + 0.75 * 200) / 1.75)]);
    expect(reds(8)).toEqual([0, 10, 30, 50, 70, 90, 110, 120]);
  });
});

describe('scaling', () => {
  it('does the same down a picture as across it', () => {
    const side = fc.integer({ min: 1, max: 40 });
    const transposed = ({ width, height, pixels }: Picture): Picture => {
      const turned = new Uint8ClampedArray(pixels.length);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          turned.set(pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 4), 4 * (x * height + y));
      return { width: height, height: width, pixels: turned };
    };
    fc.assert(
      fc.property(side, side, side, side, fc.nat(), (width, height, toWidth, toHeight, seed) => {
        const random = RandomStream.from(seed, 'pixels');
        const pixels = Uint8ClampedArray.from({ length: 4 * width * height }, () => 256 * random.uniform());
        const across = scaled({ width, height, pixels }, toWidth, toHeight);
        const down = transposed(scaled(transposed({ width, height, pixels }), toHeight, toWidth));
        // Sums of another order may round another way.
        for (const [k, value] of across.pixels.entries()) expect(Math.abs(value - down.pixels[k]!)).toBeLessThan(2);
      }),
      { numRuns: 50 },
    );
  });
});

describe('image-folder', () => {
  const load = (params: object = {}) =>
    loadDataset({ name: 'image-folder', folder: dataDir, size: 4, default_augmentations: false, ...params }, context());

  it('takes the classes from the folders and draws halves that share no picture', async () => {
    for (const k of upTo(5)) {
      await put(`cats/${k}.png`, plain(`rgb(${10 * k}, 0, 0)`));
      await put(`dogs/${k}.jpg`, plain('#00f', 8, 8, 'image/jpeg'));
    }
    await put('cats/notes.txt', 'not a picture');
    await put('.hidden/1.png', plain('#fff'));
    const [train, test] = [await load(), await load({ train: false })];
    expect([train.shape, train.classes, train.length, test.length]).toEqual([[4, 4, 3], ['cats', 'dogs'], 8, 2]);
    const reds = [train, test].flatMap((half) => {
      const { inputs, labels } = half.read(upTo(half.length), 0);
      return [...labels].flatMap((label, i) => (label === 0 ? [Math.round(255 * inputs[48 * i]!)] : []));
    });
    expect(reds.sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
    expect(train.fingerprint).not.toBe(test.fingerprint);
    const { shape, classes } = train;
    expect(datasetFacts({ name: 'image-folder', folder: dataDir, size: 4 }, dataDir)).toEqual({ shape, classes });
  });

  it('takes the halves from folders train and test, and grey on demand', async () => {
    await put('train/a/1.png', plain('#fff'));
    await put('train/b/1.png', plain('#000'));
    await put('test/b/1.png', plain('#f00'));
    const test = await load({ train: false, colour: false });
    const { inputs, labels } = test.read([0], 0);
    expect([test.length, labels[0], test.shape]).toEqual([1, 1, [4, 4, 1]]);
    expect(inputs[0]).toBeCloseTo(0.299, 2);
  });

  it('counts and names pictures that cannot be decoded, and refuses too many', async () => {
    for (const k of upTo(4)) await put(`train/a/${k}.png`, plain('#fff'));
    await put('train/a/broken.png', 'no picture');
    await put('test/a/1.png', plain('#fff'));
    await expect(load()).rejects.toMatchObject({
      code: 'bad-data',
      message: `1 of 5 pictures of image-folder cannot be decoded: ${join(dataDir, 'train', 'a', 'broken.png')}. At most 1.0 % may be left out.`,
    });
    expect((await load({ undecodable_share: 0.2 })).length).toBe(4);
    expect(warnings).toEqual([expect.stringContaining('broken.png. They are left out.')]);
  });

  it('is refused where no picture of a half can be decoded, however many may be left out', async () => {
    await put('train/a/1.png', 'no picture');
    await put('test/a/1.png', plain('#fff'));
    await expect(load({ undecodable_share: 1 })).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/^1 of 1 pictures of image-folder cannot be decoded: .*1\.png\. No picture is left\.$/) as string, // prettier-ignore
    });
    expect((await load({ train: false })).length).toBe(1);
  });

  it.each([
    [{ test_fraction: 1 }, 'none of the training half'],
    [{ train: false, test_fraction: 0 }, 'none of the test half'],
  ])('is refused where %j leaves a half without pictures', async (params, found) => {
    await put('a/1.png', plain('#fff'));
    await put('b/1.png', plain('#000'));
    await expect(load(params)).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringContaining(found) as string,
    });
  });

  it('counts pictures that decode in part as damaged', async () => {
    const photograph = plain('#fff', 64, 64, 'image/jpeg');
    for (const k of upTo(4)) await put(`train/a/${k}.png`, plain('#fff'));
    await put('train/a/half.jpg', photograph.subarray(0, photograph.length / 2));
    await put('train/a/half.png', plain('#fff', 64, 64).subarray(0, -20));
    await put('test/a/1.png', plain('#fff'));
    await expect(load()).rejects.toThrow('2 of 6 pictures of image-folder cannot be decoded');
    expect((await load({ undecodable_share: 0.5 })).length).toBe(4);
    expect(warnings).toEqual([expect.stringMatching(/half\.jpg, .*half\.png\. They are left out\.$/)]);
  });

  it('takes colours as they are stored under any opacity, and turns pictures on demand', async () => {
    const { file } = pillowPictures.find(({ name }) => name === 'PNG colour, opacity 0')!;
    const { file: lying } = pillowPictures.find(({ name }) => name === 'JPEG orientation 6')!;
    for (const half of ['train', 'test']) {
      await put(`${half}/a/clear.png`, file);
      await put(`${half}/a/lying.jpg`, lying);
    }
    const bytes = async (params: object) => {
      const half = await load({ size: 7, ...params });
      return Array.from(half.read(upTo(half.length), 0).inputs, (value) => Math.round(255 * value));
    };
    const expected = (upright: boolean) =>
      ['PNG colour, opacity 0', 'JPEG orientation 6'].flatMap((name) => {
        const found = pillowPictures.find((picture) => picture.name === name && (!upright || picture.upright || name.startsWith('PNG'))); // prettier-ignore
        const [width, height] = found!.size;
        const pixels = new Uint8ClampedArray(4 * width * height);
        for (let k = 0; k < width * height; k++) pixels.set([...found!.rgb.subarray(3 * k, 3 * k + 3), 255], 4 * k);
        return [...scaled({ width, height, pixels }, 7, 7).pixels].filter((_, k) => k % 4 !== 3);
      });
    for (const upright of [false, true]) {
      const differences = (await bytes({ exif_rotation: upright })).map((value, k) => Math.abs(value - expected(upright)[k]!)); // prettier-ignore
      expect(Math.max(...differences)).toBeLessThanOrEqual(2);
    }
    expect(await bytes({ exif_rotation: true })).not.toEqual(await bytes({}));
  });

  it('says what it expected where there is nothing', async () => {
    await expect(load()).rejects.toThrow('one for each class, found 0 folders');
    await expect(load({ folder: join(dataDir, 'nowhere') })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('gtsrb', () => {
  const head = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';
  const twoColours = ppm(2, 1, [255, 0, 0, 0, 0, 255]);
  const load = (params: object = {}) =>
    loadDataset({ name: 'gtsrb', size: 1, default_augmentations: false, ...params }, context());

  it('reads the published layout, whole or cropped', async () => {
    await put('gtsrb/GTSRB/Final_Training/Images/00007/00000_00000.ppm', twoColours);
    await put('gtsrb/GTSRB/Final_Training/Images/00007/GT-00007.csv', `${head}\r\n00000_00000.ppm;2;1;1;0;1;0;7\r\n`);
    await put('gtsrb/GTSRB/Final_Test/Images/00000.ppm', twoColours);
    await put('gtsrb/GTSRB/GT-final_test.csv', `${head}\n00000.ppm;2;1;0;0;0;0;42\n`);
    const train = (await load({ crop: true })).read([0], 0);
    expect([[...train.inputs], [...train.labels]]).toEqual([[0, 0, 1], [7]]);
    const test = (await load({ train: false, crop: true })).read([0], 0);
    expect([[...test.inputs], [...test.labels]]).toEqual([[1, 0, 0], [42]]);
    const whole = await load();
    expect([whole.classes.length, whole.shape]).toEqual([43, [1, 1, 3]]);
    expect(datasetFacts({ name: 'gtsrb', size: 1 }, dataDir)).toEqual({ shape: whole.shape, classes: whole.classes });
  });

  it.each([
    [
      'torchvision',
      'gtsrb/gtsrb/GTSRB/Training',
      'gtsrb/gtsrb/GTSRB/Final_Test/Images',
      'gtsrb/gtsrb/GT-final_test.csv',
    ],
    ['BackdoorBench', 'gtsrb/Train', 'gtsrb/Test', 'gtsrb/Test/GT-final_test.csv'],
  ])('reads the layout of %s', async (_, training, testing, table) => {
    await put(`${training}/00007/00000_00000.ppm`, twoColours);
    await put(`${training}/00007/GT-00007.csv`, `${head}\n00000_00000.ppm;2;1;1;0;1;0;7\n`);
    await put(`${testing}/00000.ppm`, twoColours);
    await put(table, `${head}\n00000.ppm;2;1;0;0;0;0;42\n`);
    const half = async (train: boolean) => (await load({ train, crop: true })).read([0], 0);
    const [train, test] = [await half(true), await half(false)];
    expect([[...train.inputs], [...train.labels]]).toEqual([[0, 0, 1], [7]]);
    expect([[...test.inputs], [...test.labels]]).toEqual([[1, 0, 0], [42]]);
  });

  it('says which layouts it expected, and what it found', async () => {
    await put('gtsrb/Train.csv', 'Width,Height');
    await put('gtsrb/images/0/1.png', plain('#fff'));
    await expect(load()).rejects.toThrow(
      'expected Final_Training/Images or Training or Train with a folder for each sign (00000 to 00042) and its table, found Train.csv, images instead.',
    );
    await put('gtsrb/Train/0/1.png', plain('#fff'));
    await expect(load()).rejects.toThrow('expected a folder for each sign, 00000 to 00042, found 0 instead.');
  });

  it('is refused where its tables list no picture', async () => {
    await put('gtsrb/Final_Training/Images/00000/GT-00000.csv', `${head}\n`);
    await put('gtsrb/Final_Test/Images/GT-final_test.csv', head);
    await expect(load()).rejects.toThrow('expected pictures listed in GT-00000.csv and the others');
    await expect(load({ train: false })).rejects.toThrow('expected pictures listed in GT-final_test.csv, found none');
  });

  it('names the line that is wrong and what is missing', async () => {
    await expect(load()).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('Final_Training') as string,
    });
    const table = 'gtsrb/Final_Training/Images/00000/GT-00000.csv';
    await put(table, `${head}\n../../secret;2;1;0;0;1;0;0\n`);
    await expect(load()).rejects.toThrow('GT-00000.csv, line 2: expected a file name');
    await put(table, `${head}\na.ppm;2;1;0;0;1;0;43\n`);
    await expect(load()).rejects.toThrow('a class of 0 to 42');
    await put(table, `${head}\na.ppm;2;1;1;0;2;0;3\n`);
    await put('gtsrb/Final_Training/Images/00000/a.ppm', twoColours);
    await expect(load({ crop: true })).rejects.toThrow('region from (1, 0) of 2 x 1 pixels, found one of 2 x 1');
    await put(table, 'Filename;ClassId\na.ppm;3\n');
    await expect(load()).rejects.toThrow('expected the columns');
  });
});
