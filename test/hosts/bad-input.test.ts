import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunRecord } from '../../shared/domain/run.ts';
import { readTensorFile } from '../../main/storage/tensor-file.ts';
import { cifarBytes, idxBytes } from '../data/idx-bytes.ts';
import { writeSmallMnist } from '../small-mnist.ts';
import { canMount, smallDisk, withoutMount } from '../storage/hostile-disks.ts';
import { startCli, type Ended } from './cli-process.ts';

/** A folder with data, a classifier, a detector and a catalogue that knows them. */
let place: string;
let soundFiles: Record<string, string>;
const at = (...names: string[]) => join(place, ...names);

const run = (args: readonly string[], home = at('home')): Promise<Ended> => startCli(args, { cwd: place, home }).ended;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-bad-'));
  writeSmallMnist(at('data'), { train: 120, test: 60, side: 8 });
  for (const args of [
    [
      'train-classifier',
      '--train_data',
      'backdoor',
      '--model.hidden_dims',
      '8',
      '--num_epochs',
      '1',
      '--dir.full',
      'clf',
    ],
    ['train-detector', '--task', 'backdoor', '--task.run_path', 'clf', '--dir.full', 'det'],
  ]) {
    const { code, stderr } = await run([...args, '--data_dir', 'data']);
    if (code !== 0) throw new Error(stderr);
  }
  soundFiles = { ...checksums(at('clf')), ...checksums(at('det')) };
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

/** SHA-256 of every file below a folder, by path. */
function checksums(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

/** What must come out: the exit code, and how standard error reads from its line "Error: ...". */
interface Expected {
  code: 1 | 2;
  says: RegExp;
}

/** Runs a command that must fail with a clear word, and nothing but that. */
async function fails(args: readonly string[], { code, says }: Expected, home?: string): Promise<void> {
  const ended = await run(args, home);
  const told = ended.stderr.slice(Math.max(0, ended.stderr.indexOf('Error: ')));
  expect({ code: ended.code, stdout: ended.stdout }, told).toEqual({ code, stdout: '' });
  expect(told).toMatch(says);
  // No stack trace, no name of a class, no defect of ours.
  expect(told).not.toMatch(/^ {4}at |CupbearerError|Internal error|undefined|\[object/m);
}

/** A copy of the sound data with one of its files changed. */
function damagedData(name: string, change: (folder: string) => void): string {
  const folder = at(`data-${name.replaceAll(/\W+/g, '-')}`);
  cpSync(at('data'), folder, { recursive: true });
  change(join(folder, 'mnist'));
  return folder;
}

/** A copy of a sound run folder with something about it changed. */
function damagedRun(source: 'clf' | 'det', name: string, change: (folder: string) => void): string {
  const folder = at(`${source}-${name.replaceAll(/\W+/g, '-')}`);
  cpSync(at(source), folder, { recursive: true });
  change(folder);
  return folder;
}

function edit(file: string, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

const training = ['train-classifier', '--model.hidden_dims', '8', '--num_epochs', '1'];
const onMnist = [...training, '--train_data', 'mnist'];
const detecting = ['train-detector', '--data_dir', 'data', '--task', 'backdoor'];

describe('what is asked for wrongly (exit code 2)', () => {
  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['train-detectr'], /^Error: Unknown command "train-detectr"\. Did you mean "train-detector"\? Known: demo, /],
    ['an unknown flag', [...onMnist, '--batchsize', '3'], /^Error: There is no flag --batchsize\. Did you mean --batch_size\?\nKnown here: --train_data, /],
    ['an unknown choice', ['train-detector', '--detector', 'mahalanobs'], /^Error: --detector must be one of .*mahalanobis.*; got "mahalanobs"\. Did you mean "mahalanobis"\?\n$/],
    ['a value out of range', [...onMnist, '--batch_size', '0'], /^Error: --batch_size must be at least 1, got 0\.\n$/],
    ['a nested value out of range', ['train-classifier', '--train_data', 'backdoor', '--train_data.backdoor.p_backdoor', '1.5'], /^Error: --train_data\.backdoor\.p_backdoor must be at most 1, got 1\.5\.\n$/],
    ['a flag with one dash', [...onMnist, '-seed', '1'], /^Error: "-seed" is not a flag: flags begin with two dashes\.\n/],
    ['a flag left out', [...detecting], /^Error: --task\.run_path is missing\.\n$/],
    ['an unknown layer', [...detecting, '--task.run_path', 'clf', '--detector.layers', 'layers.linear_7.output'], /^Error: Unknown layer "layers\.linear_7\.output"\. Did you mean "layers\.linear_[01]\.output"\? Known: flatten\.input, .*layers\.linear_1\.output\.\n$/],
    ['data of another shape', [...detecting, '--task.run_path', 'clf', '--task.data', 'glyphs'], /^Error: The classifier in .*clf takes inputs of shape 8 x 8 x 1 in 10 classes; the data "glyphs" has 28 x 28 x 1 in 10\.\n$/],
    ['a resume with other parameters', ['train-classifier', '--resume', '--dir.full', 'clf', '--seed', '1'], /^Error: --resume uses the parameters in the folder's spec\.json, so it takes no --seed; only --batch_size may be smaller\.\n$/],
  ])('%s', async (_, args, says) => {
    await fails(args, { code: 2, says });
  }); // prettier-ignore
});

describe('data that is not what it should be (exit code 1)', () => {
  const trainImages = 'train-images-idx3-ubyte';
  const trainLabels = 'train-labels-idx1-ubyte';
  const zip = (folder: string, name: string): Buffer => {
    const packed = gzipSync(readFileSync(join(folder, name)));
    rmSync(join(folder, name));
    writeFileSync(join(folder, `${name}.gz`), packed);
    return packed;
  };

  it.each<[string, (folder: string) => void, RegExp]>([
    ['no data folder', (folder) => rmSync(join(folder, '..'), { recursive: true }), /^Error: The dataset "mnist" is not in .*mnist: expected train-images-idx3-ubyte or .*, found none\.\nGet it with: npx cupbearer data download mnist\n$/],
    ['an empty data folder', (folder) => { rmSync(folder, { recursive: true }); mkdirSync(folder); }, /\nGet it with: npx cupbearer data download mnist\n$/],
    ['a truncated gzip file', (folder) => { const { length } = zip(folder, trainImages); truncateSync(join(folder, `${trainImages}.gz`), length - 1000); }, /^Error: \S*train-images-idx3-ubyte\.gz: expected a .*gzip file/],
    ['a corrupted gzip file', (folder) => { const packed = zip(folder, trainImages); packed.fill(0x55, 500, 600); writeFileSync(join(folder, `${trainImages}.gz`), packed); }, /^Error: \S*train-images-idx3-ubyte\.gz: expected a .*gzip file.*, found /],
    ['a truncated IDX file', (folder) => truncateSync(join(folder, trainImages), 1000), /^Error: \S*train-images-idx3-ubyte: expected 7680 values \(its header says 120 x 8 x 8\), found 984\.\n$/],
    ['a file that is no IDX file', (folder) => writeFileSync(join(folder, trainImages), 'hello, world'), /^Error: \S*train-images-idx3-ubyte: expected the magic number 0x00000803 \(uint8, 3 dimensions\), found 0x68656c6c\.\n$/],
    ['fewer labels than images', (folder) => writeFileSync(join(folder, trainLabels), idxBytes([3], [1, 2, 3])), /^Error: Expected as many labels as images, found 120 images in \S+ and 3 labels in \S+\.\n$/],
    ['labels of one class alone', (folder) => writeFileSync(join(folder, trainLabels), idxBytes([120], new Uint8Array(120).fill(3))), /^Error: Expected training data with samples of two classes or more, found 120 samples of the class "3" alone; the data have 10 classes\.\n/],
    ['a label that is no class', (folder) => writeFileSync(join(folder, trainLabels), idxBytes([120], new Uint8Array(120).fill(12))), /^Error: \S*train-labels-idx1-ubyte: expected labels of 0 to 9, found 12 at sample 0\.\n$/],
  ])('%s', async (name, change, says) => {
    const folder = damagedData(name, change);
    await fails([...onMnist, '--data_dir', folder, '--dir.full', at(`run of ${name}`)], { code: 1, says });
  }); // prettier-ignore

  it('a truncated CIFAR file', async () => {
    mkdirSync(at('data', 'cifar10'));
    const batch = cifarBytes([
      { label: 1, colour: [1, 2, 3] },
      { label: 2, colour: [4, 5, 6] },
    ]);
    writeFileSync(at('data', 'cifar10', 'data_batch_1.bin'), batch.subarray(0, 5000));
    const says = /^Error: \S*data_batch_1\.bin: expected .*3073.*, found 5000 bytes/;
    await fails([...training, '--train_data', 'cifar10', '--data_dir', 'data', '--dir.full', 'cifar'], {
      code: 1,
      says,
    });
  });
});

describe('run folders that are not what they should be (exit code 1)', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    ['truncated weights', (folder) => truncateSync(join(folder, 'model.safetensors'), 400), /^Error: "\S*model\.safetensors": expected .*, found /],
    ['corrupted weights', (folder) => writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(500, 0xff)), /^Error: "\S*model\.safetensors": expected .*, found /],
    ['no weights', (folder) => rmSync(join(folder, 'model.safetensors')), /^Error: There is no trained classifier in ".*": it has no model\.safetensors\.\nName the folder of a finished train-classifier run\.\n$/],
    ['a newer version', (folder) => edit(join(folder, 'spec.json'), (spec) => (spec['format'] = 7)), /^Error: "\S*spec\.json" was written by a newer version \(format 7; this program reads 1\)\.\nUpdate Cupbearer to use this folder\.\n$/],
    ['a newer model', (folder) => edit(join(folder, 'model.json'), (model) => (model['format'] = 7)), /^Error: "\S*model\.json" was written by a newer version \(format 7; this program reads 1\)\.\nUpdate Cupbearer/],
    ['a spec that is no JSON', (folder) => truncateSync(join(folder, 'spec.json'), 100), /^Error: "\S*spec\.json": expected JSON, found a fault/],
    ['no run at all', (folder) => rmSync(folder, { recursive: true }), /^Error: ".*" holds no run: there is no such folder\.\n/],
  ])('%s', async (name, change, says) => {
    const folder = damagedRun('clf', name, change);
    await fails([...detecting, '--task.run_path', folder, '--dir.full', at(`detector for ${name}`)], { code: 1, says });
  }); // prettier-ignore

  it('a truncated detector', async () => {
    const folder = damagedRun('det', 'truncated', (path) => truncateSync(join(path, 'detector.safetensors'), 2000));
    const args = [
      'eval-detector',
      '--detector.path',
      folder,
      '--task',
      'backdoor',
      '--task.run_path',
      'clf',
      '--data_dir',
      'data',
    ];
    await fails(args, {
      code: 1,
      says: /^Error: "\S*detector\.safetensors": expected \d+ bytes of data, found \d+\.\n$/,
    });
  });

  it('truncated scores', async () => {
    const folder = damagedRun('det', 'scores', (path) => truncateSync(join(path, 'scores', 'all.npy'), 150));
    const says = /^Error: "\S*all\.npy": expected \d+ bytes of data for the shape \[60\], found 22\.\n$/;
    await fails(['compare', 'det', folder], { code: 1, says });
  });

  it('a folder that is taken', async () => {
    mkdirSync(at('used'));
    writeFileSync(at('used', 'thesis.txt'), 'all I have');
    await fails([...onMnist, '--dir.full', 'clf'], {
      code: 1,
      says: /^Error: ".*clf" holds a run already; nothing was overwritten\.\nChoose another folder/,
    });
    await fails([...onMnist, '--dir.full', 'used'], {
      code: 1,
      says: /^Error: ".*used" is not empty \(it holds "thesis\.txt"\); expected a new or empty folder\.\n/,
    });
    expect(readdirSync(at('used'))).toEqual(['thesis.txt']);
  });
});

it('a loss that is no number names epoch and step and keeps the last good weights', async () => {
  // 25 layers with steps of 10 a weight: one step later nothing is finite any more.
  const args = [
    'train-classifier',
    '--train_data',
    'mnist',
    '--data_dir',
    'data',
    '--batch_size',
    '120',
    '--num_epochs',
    '3',
  ];
  const wild = [
    '--model.hidden_dims',
    Array(25).fill(64).join(),
    '--optim.learning_rate',
    '10',
    '--optim.epsilon',
    '1e-16',
  ];
  const says =
    /^Error: The training loss became (NaN|-?Infinity) in epoch 2, step 2\.\nLower the learning rate\. The weights after epoch 1 are kept\.\n$/;
  await fails([...args, ...wild, '--dir.full', 'wild'], { code: 1, says });
  const { tensors } = readTensorFile(at('wild', 'model.safetensors'));
  expect(Object.values(tensors).every(({ data }) => data.every((value) => Number.isFinite(value)))).toBe(true);
  const record = JSON.parse(readFileSync(at('wild', 'run.json'), 'utf8')) as RunRecord;
  expect(record).toMatchObject({ status: 'failed', error: { code: 'non-finite', details: { epoch: 2, step: 2 } } });
});

describe('disks that do not do what they should (exit code 1)', () => {
  it.skipIf(!canMount)(`a full disk${withoutMount}`, async () => {
    const { folder } = smallDisk('96k');
    const says =
      /^Error: Could not write ".*checkpoint\.safetensors": the disk is full\.\nFree some space, or choose a folder on another disk\.\n$/;
    const wide = ['train-classifier', '--train_data', 'mnist', '--data_dir', 'data', '--model.hidden_dims', '512'];
    await fails([...wide, '--dir.full', join(folder, 'run')], { code: 1, says });
    // What was written before is whole, and the reason is on record.
    expect(JSON.parse(readFileSync(join(folder, 'run', 'spec.json'), 'utf8'))).toHaveProperty('spec');
    expect(JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8'))).toMatchObject({
      status: 'failed',
      error: { code: 'storage' },
    });
    expect(readdirSync(join(folder, 'run')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.skipIf(!canMount)(`a read-only disk${withoutMount}`, async () => {
    const { folder, remount } = smallDisk('64k');
    remount('ro');
    const says =
      /^Error: Could not create the folder ".*": the disk is read-only\.\nChoose a folder on a disk that can be written to\.\n$/;
    await fails([...onMnist, '--dir.full', join(folder, 'run')], { code: 1, says });
    await fails(['runs'], { code: 1, says }, join(folder, 'home'));
  });

  const isRoot = process.getuid?.() === 0;
  const binds = process.platform !== 'win32' && !isRoot;
  it.skipIf(!binds)(
    `a read-only folder${binds ? '' : ` (skipped: ${isRoot ? 'root may write anywhere' : 'no POSIX permissions'})`}`,
    async () => {
      mkdirSync(at('locked'));
      chmodSync(at('locked'), 0o555);
      onTestFinished(() => chmodSync(at('locked'), 0o755));
      const says =
        /^Error: Could not create the folder ".*": permission was denied\.\nChoose a folder that you may write to/;
      await fails([...onMnist, '--dir.full', at('locked', 'run')], { code: 1, says });
    },
  );
});

describe('a catalogue', () => {
  it('that another program has locked is waited for, then said to be', async () => {
    const database = new Database(at('home', 'catalogue.sqlite'));
    onTestFinished(() => void database.close());
    database.exec('BEGIN EXCLUSIVE');
    const says =
      /^Error: The catalogue ".*catalogue\.sqlite" is locked by another program\.\nClose the other program that uses it/;
    await fails([...onMnist, '--data_dir', 'data', '--dir.full', 'waiting'], { code: 1, says });
    // The folder is still free for another attempt.
    expect(existsSync(at('waiting', 'spec.json'))).toBe(false);
  });

  it('that is corrupted is kept aside and rebuilt from the run folders', async () => {
    cpSync(at('home'), at('damaged'), { recursive: true });
    for (const ending of ['-wal', '-shm']) rmSync(at('damaged', `catalogue.sqlite${ending}`), { force: true });
    writeFileSync(at('damaged', 'catalogue.sqlite'), Buffer.alloc(5000, 'scrambled '));
    const { code, stdout, stderr } = await run(['runs', 'list', '--json', '--limit', '1000'], at('damaged'));
    expect([code, stderr]).toEqual([0, '']);
    const folders = (JSON.parse(stdout) as RunRecord[]).map(({ folder }) => folder);
    expect(folders).toContain(at('clf'));
    expect(folders).toContain(at('det'));
    const [aside] = readdirSync(at('damaged')).filter((name) => name.startsWith('catalogue.corrupt-'));
    expect(readFileSync(at('damaged', aside!), 'utf8')).toMatch(/^scrambled /);
  });

  it('that was written by a newer version is left alone', async () => {
    const database = new Database(at('newer.sqlite'));
    database.pragma('user_version = 999');
    database.exec('CREATE TABLE runs (id TEXT)');
    database.close();
    mkdirSync(at('newer'));
    cpSync(at('newer.sqlite'), at('newer', 'catalogue.sqlite'));
    const before = readFileSync(at('newer', 'catalogue.sqlite'));
    await fails(['runs'], { code: 1, says: /^Error: The catalogue ".*" .*newer version/ }, at('newer'));
    expect(readFileSync(at('newer', 'catalogue.sqlite'))).toEqual(before);
  });
});

it('--debug shows where an error came from', async () => {
  const { code, stderr } = await run(['runs', 'show', 'nobody', '--debug']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^Error: There is no run "nobody"\.\n`cupbearer runs` lists them all\.\nCupbearerError: .*\n {4}at /,
  );
});

it('nothing of all this has changed a file of the sound runs', () => {
  expect({ ...checksums(at('clf')), ...checksums(at('det')) }).toEqual(soundFiles);
});
