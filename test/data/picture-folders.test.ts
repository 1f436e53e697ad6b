import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataReach } from '../../main/data/data-reach.ts';
import { loadDataset } from '../../main/data/datasets/load.ts';
import { importDataset } from '../../main/data/own/import-dataset.ts';
import { classesIn, findPictures } from '../../main/data/datasets/picture-folders.ts';
import { withEnvironment } from '../tensorflow.ts';
import { pillowPictures } from './pillow-pictures.ts';

/** Names that differ by capitals, by the form of accents, or are no text are names of different files on Linux alone. */
const anyNames = process.platform === 'linux';
const { file: picture } = pillowPictures.find(({ name }) => name.startsWith('PNG'))!;

let place: string;
let folder: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-folders-'));
  folder = join(place, 'data');
  mkdirSync(folder);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), picture);
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(target, join(folder, path));
}

const find = (half: object = {}) => findPictures({ folder, train: true, test_fraction: 0, folder_seed: 0, ...half });

/** Pictures below the folder with their classes, and what is left out. */
async function found(
  half: object = {},
): Promise<{ pictures: string[]; classes: string[]; leftOut: string | undefined }> {
  const { files, classes, leftOut } = await find(half);
  const pictures = files.map(({ path, label }) => `${classes[label]}: ${relative(folder, path)}`);
  return { pictures, classes, leftOut: leftOut?.replace(`Left out of ${folder}: `, '') };
}

describe('a folder of classes', () => {
  it('takes pictures at any depth, as ImageFolder does', async () => {
    put('cats/2.png', 'cats/deep/er/1.png', 'dogs/only/inside/1.JPEG');
    expect(await found()).toEqual({
      classes: ['cats', 'dogs'],
      pictures: ['cats: cats/2.png', 'cats: cats/deep/er/1.png', 'dogs: dogs/only/inside/1.JPEG'],
      leftOut: undefined,
    });
  });

  it('follows links to folders and to pictures, inside and out', async () => {
    mkdirSync(join(place, 'birds'));
    writeFileSync(join(place, 'birds', '1.png'), picture);
    put('cats/1.png');
    link(join(place, 'birds'), 'bird');
    link('../cats/1.png', 'cats/2.png');
    link('nowhere', 'cats/3.png');
    link('nowhere', 'fish');
    expect(await found()).toEqual({
      classes: ['bird', 'cats'],
      pictures: ['bird: bird/1.png', 'cats: cats/1.png', 'cats: cats/2.png'],
      leftOut: '2 links that lead nowhere (fish, cats/3.png).',
    });
  });

  it.each([
    ['to its own folder', '.', 'cats/again'],
    ['to the whole', '..', 'cats/again'],
    ['to the whole, as a class', '.', 'again'],
    ['to a folder around the whole', '../..', 'cats/again'],
    ['to itself', 'again', 'cats/again'],
  ])('refuses a link %s', async (_, target, path) => {
    put('cats/1.png', 'dogs/1.png');
    link(target, path);
    await expect(find()).rejects.toMatchObject({
      code: 'bad-data',
      message: `${join(folder, path)} is a link that leads back to a folder that it lies in.`,
    });
  });

  it('refuses two links that lead to each other', async () => {
    put('cats/1.png', 'dogs/1.png');
    link('../dogs', 'cats/others');
    link('../cats', 'dogs/others');
    await expect(find()).rejects.toThrow('is a link that leads back to a folder that it lies in');
  });

  it('follows no link of a page out of its root', async () => {
    mkdirSync(join(place, 'secret'));
    writeFileSync(join(place, 'secret', '1.png'), picture);
    put('cats/1.png', 'dogs/1.png');
    const within = <T>(work: () => Promise<T>) => withEnvironment(dataReach({ root: folder, own: [] }), work);
    expect((await within(() => find())).files).toHaveLength(2);
    link(join(place, 'secret'), 'fish');
    await expect(within(() => find())).rejects.toMatchObject({ code: 'usage' });
    rmSync(join(folder, 'fish'));
    link(join(place, 'secret', '1.png'), 'cats/2.png');
    await expect(within(() => find())).rejects.toMatchObject({ code: 'usage' });
    const request = { name: 'taken', folder, isOwn: false };
    const taken = () => importDataset(request, { dataDir: join(place, 'own'), signal: new AbortController().signal });
    await expect(within(taken)).rejects.toMatchObject({ code: 'usage' });
  });

  it('makes no class of folders without pictures, nor of what systems leave behind', async () => {
    put(
      'cats/1.png',
      'dogs/1.png',
      '__MACOSX/cats/1.png',
      '@eaDir/cats/1.png',
      '.hidden/1.png',
      'cats/._1.png',
      'cats/Thumbs.db',
    );
    mkdirSync(join(folder, 'fish', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'fish', 'deep', 'a.txt'), '');
    expect(await found()).toEqual({
      classes: ['cats', 'dogs'],
      pictures: ['cats: cats/1.png', 'dogs: dogs/1.png'],
      leftOut: '1 folder without pictures (fish).',
    });
  });

  it('names and counts what it leaves out, also where it is loaded', async () => {
    put(
      'cats/1.png',
      'dogs/1.png',
      'cats/2.webp',
      'cats/3.gif',
      'dogs/in/4.tiff',
      'dogs/in/5.bmp',
      'stray.png',
      'labels.csv',
    );
    const sentence =
      '5 files that are not PNG, JPEG, PPM, PGM or PBM (labels.csv, cats/2.webp, cats/3.gif, …); 1 picture that lies in no folder of a class (stray.png).';
    expect((await found()).leftOut).toBe(sentence);
    const warnings: string[] = [];
    const warn = (text: string) => void warnings.push(text);
    await loadDataset({ name: 'image-folder', folder, test_fraction: 0 }, { dataDir: place, seed: 0, warn });
    expect(warnings).toEqual([`Left out of ${folder}: ${sentence}`]);
  });

  it('numbers classes by code points, as Python sorts', () => {
    // U+FF21 comes before U+1F41F, whose first UTF-16 unit is smaller.
    const names = ['10', '2', '1', 'Zebra', 'apple', '\uff21', '\u{1f41f}', '\u{1f436}', 'été'];
    put(...names.map((name) => `${name}/1.png`));
    expect(classesIn(folder)).toEqual(['1', '10', '2', 'Zebra', 'apple', 'été', '\uff21', '\u{1f41f}', '\u{1f436}']);
  });

  it.runIf(anyNames)('writes names in one form, and refuses two folders that are one name', async () => {
    put('e\u0301te\u0301/1.png', 'hiver/1.png');
    expect((await found()).classes).toEqual(['\u00e9t\u00e9', 'hiver']);
    put('\u00e9t\u00e9/1.png');
    await expect(find()).rejects.toThrow('two folders have the name "été", written with different Unicode characters');
  });

  it.runIf(anyNames)('tells of names that are not UTF-8', async () => {
    put('cats/1.png', 'dogs/1.png');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/cats/`), Buffer.from('\u00e4.png', 'latin1')]), picture);
    expect((await found()).leftOut).toBe('1 file or folder whose name is not UTF-8 (cats/\ufffd.png).');
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('v\u00f6gel', 'latin1')]));
    await expect(find()).rejects.toMatchObject({
      code: 'bad-data',
      message: `${folder}: the name of the folder "v\ufffdgel" is not UTF-8, so that it cannot be opened.`,
    });
  });

  it.each([
    [['train/a/1.png', 'val/a/1.png'], 'expected folders train and test, or a folder for each class, found train, val'],
    [['pets/cats/1.png', 'pets/dogs/1.png'], 'found "pets" alone, with the folders cats, dogs inside'],
  ])('refuses %j rather than invent classes', async (paths, message) => {
    put(...paths);
    await expect(find()).rejects.toThrow(message);
  });

  it('has no class without training pictures', async () => {
    put('cats/1.png', 'cats/2.png', 'cats/3.png', 'dogs/1.png', 'apes/1.png');
    await expect(find({ test_fraction: 0.5 })).rejects.toMatchObject({
      code: 'bad-data',
      message: `${folder}: the class "apes" has no picture in the training half.`,
    });
    rmSync(join(folder, 'apes'), { recursive: true });
    await expect(find({ test_fraction: 0.5 })).rejects.toThrow('the class "dogs" has no picture in the training half');
    writeFileSync(join(folder, 'dogs', '1.png'), 'damaged');
    const load = loadDataset(
      { name: 'image-folder', folder, test_fraction: 0, undecodable_share: 0.9 },
      { dataDir: place, seed: 0 },
    );
    await expect(load).rejects.toThrow('No picture of the class "dogs" of image-folder can be decoded.');
  });
});

describe('folders train and test', () => {
  it.runIf(anyNames)('are matched by name, whatever its capitals and the form of its accents', async () => {
    put('train/Cats/1.png', 'train/\u00e9t\u00e9/1.png', 'train/dogs/1.png');
    put('test/cats/1.png', 'test/e\u0301te\u0301/1.png', 'test/dogs/1.png');
    expect((await found({ train: false })).pictures).toEqual([
      'Cats: test/cats/1.png',
      'dogs: test/dogs/1.png',
      '\u00e9t\u00e9: test/e\u0301te\u0301/1.png',
    ]);
  });

  it.runIf(anyNames)('keep classes apart that differ by capitals alone, and refuse what could be either', async () => {
    put('train/Cats/1.png', 'train/cats/1.png', 'test/Cats/1.png', 'test/cats/1.png');
    expect((await found({ train: false })).pictures).toEqual(['Cats: test/Cats/1.png', 'cats: test/cats/1.png']);
    rmSync(join(folder, 'test'), { recursive: true });
    put('test/CATS/1.png');
    await expect(find({ train: false })).rejects.toThrow('the folder "CATS" could be the class "Cats" or "cats"');
    rmSync(join(folder, 'train', 'Cats'), { recursive: true });
    put('test/cATS/1.png');
    await expect(find({ train: false })).rejects.toThrow('several folders could be the class "cats"');
  });

  it('tell of classes and halves that are not used', async () => {
    put('train/cats/1.png', 'train/dogs/1.png', 'test/cats/1.png', 'test/birds/1.png', 'val/cats/1.png');
    mkdirSync(join(folder, 'test', 'empty'));
    expect(await found({ train: false })).toEqual({
      classes: ['cats', 'dogs'],
      pictures: ['cats: test/cats/1.png'],
      leftOut:
        '1 file or folder beside train and test (val); 1 folder of a class that the training half does not have (birds); 1 folder without pictures (empty).',
    });
  });

  it('name the classes without test pictures', async () => {
    put('train/cats/1.png', 'train/dogs/1.png', 'train/elks/1.png', 'test/cats/1.png');
    const load = (train: boolean) => loadDataset({ name: 'image-folder', folder, train }, { dataDir: place, seed: 0 });
    expect((await load(false)).notes).toEqual(['2 classes of 3 without a sample in the test half: dogs, elks.']);
    expect((await load(true)).notes).toBeUndefined();
  });
});
