import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CupbearerError } from '../../shared/errors.ts';
import { replaceFolder, writeFileAtomically } from '../../main/storage/atomic-write.ts';
import { ByteFile } from '../../main/storage/byte-file.ts';
import { hashFile } from '../../main/storage/content-hash.ts';
import { JsonLinesTail } from '../../main/storage/json-lines-tail.ts';
import { appendLine, readLines, writeLines } from '../../main/storage/json-lines.ts';
import { readFileBytes, readFileStart, readJsonFile } from '../../main/storage/read-file.ts';
import { readTensorFile, readTensorMetadata } from '../../main/storage/tensor-file.ts';
import {
  createFolderWithin,
  entriesWithin,
  isThere,
  openToRead,
  pathToWrite,
  requireInside,
  within,
  type Within,
} from '../../main/storage/within-folder.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';

const hasPipes = process.platform !== 'win32';

/** A folder beside which lies one that it must not lead into. */
function twoFolders(): { folder: string; outside: string; secret: string } {
  const place = temporaryFolder();
  const [folder, outside] = [join(place, 'run'), join(place, 'outside')];
  mkdirSync(folder);
  mkdirSync(outside);
  const secret = join(outside, 'secret');
  writeFileSync(secret, '{"secret":1}\n');
  return { folder, outside, secret };
}

/** Everything that reads a file at a place. */
const readers: [string, (place: Within) => unknown][] = [
  ['bytes', (place) => readFileBytes(place)],
  ['the first bytes', (place) => readFileStart(place, 4)],
  ['JSON', (place) => readJsonFile(place)],
  ['lines', (place) => readLines(place)],
  ['lines as they come', (place) => new JsonLinesTail(place).read()],
  ['a fingerprint', (place) => hashFile(place)],
  ['tensors', (place) => readTensorFile(place)],
  ['metadata of tensors', (place) => readTensorMetadata(place)],
  ['a part', (place) => ByteFile.part(place, 0, 1)],
];

describe.each(readers)('reading %s within a folder', (_, read) => {
  it('follows no link out of it, however it leads there', () => {
    const { folder, outside, secret } = twoFolders();
    symlinkSync(secret, join(folder, 'absolute'));
    symlinkSync(join('..', 'outside', 'secret'), join(folder, 'relative'));
    symlinkSync('absolute', join(folder, 'over another'));
    symlinkSync(outside, join(folder, 'sub'));
    const places = [['absolute'], ['relative'], ['over another'], ['sub', 'secret'], ['..', 'outside', 'secret']];
    for (const names of places)
      expect(errorOf('bad-data', () => read(within(folder, ...names))).message).toMatch(/leads out of the folder/);
  });

  it('takes nothing but files', () => {
    const { folder } = twoFolders();
    mkdirSync(join(folder, 'sub'));
    expect(errorOf('bad-data', () => read(within(folder, 'sub'))).message).toMatch(/expected a file/);
    if (!hasPipes) return;
    // The program would wait for somebody to write into it, for ever.
    expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).toBe(0);
    expect(errorOf('bad-data', () => read(within(folder, 'pipe'))).message).toMatch(/expected a file/);
  });
});

describe('a place within a folder', () => {
  it('is read where the folder is reached through a link, and where a link stays inside', () => {
    const { folder, outside } = twoFolders();
    writeFileSync(join(folder, 'file'), 'content');
    symlinkSync('file', join(folder, 'same'));
    symlinkSync(folder, join(outside, 'run'));
    for (const root of [folder, join(outside, 'run')])
      for (const name of ['file', 'same'])
        expect(Buffer.from(readFileBytes(within(root, name))).toString()).toBe('content');
  });

  it('that is not there is not found', () => {
    const { folder } = twoFolders();
    errorOf('not-found', () => readFileBytes(within(folder, 'none')));
    errorOf('not-found', () => readFileBytes(within(folder, 'none', 'below')));
    symlinkSync('nowhere', join(folder, 'dangling'));
    errorOf('not-found', () => readFileBytes(within(folder, 'dangling')));
    expect([isThere(within(folder, 'dangling')), isThere(within(folder, 'none'))]).toEqual([true, false]);
    expect(entriesWithin(within(folder, 'none'))).toEqual([]);
  });

  it('is not read where it is larger than may be, and nothing is allocated for it', () => {
    const { folder } = twoFolders();
    const huge = within(folder, 'huge');
    writeFileSync(join(folder, 'huge'), '');
    truncateSync(join(folder, 'huge'), 2 ** 40);
    const before = process.memoryUsage().arrayBuffers;
    expect(errorOf('bad-data', () => readFileBytes(huge)).message).toMatch(
      /expected at most 2\.1\sGB, found 1\.1\sTB\.$/,
    );
    expect(errorOf('bad-data', () => readFileBytes(huge, 1000)).message).toMatch(/expected at most 1\skB/);
    errorOf('bad-data', () => readJsonFile(huge));
    errorOf('bad-data', () => readLines(huge));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('is listed only inside', () => {
    const { folder, outside } = twoFolders();
    symlinkSync(outside, join(folder, 'sub'));
    errorOf('bad-data', () => entriesWithin(within(folder, 'sub')));
  });

  it('is opened inside, whoever exchanges a folder on the way for a link meanwhile', async () => {
    const { folder, outside } = twoFolders();
    writeFileSync(join(outside, 'file'), 'secret');
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'file'), 'open');
    const worker = new Worker(
      `const { renameSync, rmSync, symlinkSync } = require('node:fs');
      const { join } = require('node:path');
      const { workerData: { folder, outside } } = require('node:worker_threads');
      for (let i = 0; i < 3000; i++) {
        renameSync(join(folder, 'sub'), join(folder, 'aside'));
        symlinkSync(outside, join(folder, 'sub'));
        rmSync(join(folder, 'sub'));
        renameSync(join(folder, 'aside'), join(folder, 'sub'));
      }`,
      { eval: true, workerData: { folder, outside } },
    );
    let isOver = false;
    const ended = new Promise((resolve) => worker.once('exit', resolve)).then(() => (isOver = true));
    const seen = new Set<string>();
    while (!isOver) {
      for (let i = 0; i < 200; i++) {
        try {
          seen.add(Buffer.from(readFileBytes(within(folder, 'sub', 'file'))).toString());
        } catch (error) {
          if (!(error instanceof CupbearerError)) throw error;
          seen.add(error.code);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    expect(seen).not.toContain('secret');
    expect(Buffer.from(readFileBytes(within(folder, 'sub', 'file'))).toString()).toBe('open');
  });
});

describe('writing within a folder', () => {
  it('replaces a link, not what it leads to', () => {
    const { folder, secret } = twoFolders();
    symlinkSync(secret, join(folder, 'run.json'));
    writeFileAtomically(within(folder, 'run.json'), 'new');
    writeLines(within(folder, 'run.json'), [{ a: 1 }]);
    expect(readFileSync(secret, 'utf8')).toBe('{"secret":1}\n');
    expect(lstatSync(join(folder, 'run.json')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toBe('{"a":1}\n');
  });

  it('appends to nothing that a link leads to, nor cuts it', () => {
    const { folder, outside, secret } = twoFolders();
    writeFileSync(secret, 'no line end');
    symlinkSync(secret, join(folder, 'log.jsonl'));
    errorOf('bad-data', () => appendLine(within(folder, 'log.jsonl'), { a: 1 }));
    symlinkSync(join(outside, 'new'), join(folder, 'dangling.jsonl'));
    errorOf('storage', () => appendLine(within(folder, 'dangling.jsonl'), { a: 1 }));
    symlinkSync(outside, join(folder, 'sub'));
    errorOf('bad-data', () => appendLine(within(folder, 'sub', 'log.jsonl'), { a: 1 }));
    expect(readFileSync(secret, 'utf8')).toBe('no line end');
    expect(readdirSync(outside)).toEqual(['secret']);
    appendLine(within(folder, 'own.jsonl'), { a: 1 });
    appendLine(within(folder, 'own.jsonl'), { a: 2 });
    expect(readLines(within(folder, 'own.jsonl'))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.skipIf(!hasPipes)('waits for nobody at the other end of a pipe', () => {
    const { folder } = twoFolders();
    expect(spawnSync('mkfifo', [join(folder, 'log.jsonl')]).status).toBe(0);
    errorOf('bad-data', () => appendLine(within(folder, 'log.jsonl'), { a: 1 }));
  });

  it('writes nothing through a folder that leads out', () => {
    const { folder, outside } = twoFolders();
    symlinkSync(outside, join(folder, 'figures'));
    errorOf('bad-data', () => writeFileAtomically(within(folder, 'figures', 'secret'), 'x'));
    errorOf('bad-data', () => replaceFolder(within(folder, 'figures', 'sub'), { a: 'x' }));
    errorOf('bad-data', () => createFolderWithin(within(folder, 'figures')));
    errorOf('bad-data', () => createFolderWithin(within(folder, 'figures', 'deeper')));
    errorOf('bad-data', () => pathToWrite(within(folder, 'figures', 'secret')));
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('{"secret":1}\n');
  });

  it('replaces a folder that is a link, and leaves alone what it leads to', () => {
    const { folder, outside } = twoFolders();
    symlinkSync(outside, join(folder, 'scores'));
    replaceFolder(within(folder, 'scores'), { 'a.npy': 'x' });
    expect(readdirSync(join(folder, 'scores'))).toEqual(['a.npy']);
    expect(readdirSync(outside)).toEqual(['secret']);
    symlinkSync(join(outside, 'none'), join(folder, 'dangling'));
    replaceFolder(within(folder, 'dangling'), { 'a.npy': 'x' });
    expect(existsSync(join(outside, 'none'))).toBe(false);
    expect(lstatSync(join(folder, 'dangling')).isDirectory()).toBe(true);
  });

  it('creates folders level by level, where they are there already too', () => {
    const { folder } = twoFolders();
    createFolderWithin(within(folder, 'a', 'b'));
    createFolderWithin(within(folder, 'a', 'b'));
    expect(lstatSync(join(folder, 'a', 'b')).isDirectory()).toBe(true);
    writeFileSync(join(folder, 'file'), '');
    errorOf('bad-data', () => createFolderWithin(within(folder, 'file')));
  });

  it('is checked as far as the way is there', () => {
    const { folder, outside } = twoFolders();
    requireInside(within(folder, 'evals', 'new'));
    symlinkSync(outside, join(folder, 'evals'));
    errorOf('bad-data', () => requireInside(within(folder, 'evals', 'new')));
  });
});

it('a file that is replaced again and again is read whole', () => {
  const { folder } = twoFolders();
  const path = join(folder, 'checkpoint');
  writeFileSync(path, 'x'.repeat(10));
  for (let i = 0; i < 50; i++) {
    const file = openToRead(within(folder, 'checkpoint'));
    writeFileSync(`${path}.new`, 'x'.repeat(10));
    renameSync(`${path}.new`, path);
    closeSync(file);
    expect(readFileBytes(within(folder, 'checkpoint'))).toHaveLength(10);
  }
  // Backups share the files of a run.
  linkSync(path, join(folder, 'same'));
  expect(readFileBytes(within(folder, 'same'))).toHaveLength(10);
  rmSync(path);
});
