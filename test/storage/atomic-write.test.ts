import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { replaceFolder, writeFileAtomically } from '../../main/storage/atomic-write.ts';
import { appendLine, readLines } from '../../main/storage/json-lines.ts';
import { readFileBytes, readJsonFile } from '../../main/storage/read-file.ts';
import { toStorageError } from '../../main/storage/storage-error.ts';
import { isTemporaryName } from '../../main/storage/temporary-names.ts';
import { firstOutputOf, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';
import {
  canMount,
  fillDisk,
  hasFullDevice,
  permissionsBind,
  smallDisk,
  withoutFullDevice,
  withoutMount,
  withoutPermissions,
  withoutRoot,
} from './hostile-disks.ts';

describe('writeFileAtomically', () => {
  it('writes text and bytes, replaces what was there, and leaves nothing else', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.txt');
    writeFileAtomically(path, 'long first content');
    writeFileAtomically(path, new Uint8Array([65, 66]));
    expect(readFileSync(path, 'utf8')).toBe('AB');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it('with exclusive, never replaces a file', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'spec.json');
    writeFileAtomically(path, 'first', { exclusive: true });
    errorOf('conflict', () => writeFileAtomically(path, 'second', { exclusive: true }));
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['spec.json']);
  });

  it('says where the folder is missing, or its path leads through a file', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'gone', 'a.txt');
    const error = errorOf('storage', () => writeFileAtomically(path, 'x'));
    expect(error.message).toBe(`Could not write "${path}": it, or the folder it should be in, does not exist.`);
    writeFileSync(join(folder, 'file'), '');
    errorOf('storage', () => writeFileAtomically(join(folder, 'file', 'a.txt'), 'x'));
  });

  it('does not replace a folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'scores'));
    errorOf('storage', () => writeFileAtomically(join(folder, 'scores'), 'x'));
    expect(readdirSync(folder)).toEqual(['scores']);
  });

  it.skipIf(!permissionsBind)(`says that a folder is read-only${withoutPermissions}`, () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    const error = errorOf('storage', () => withoutRoot(() => writeFileAtomically(join(folder, 'a'), 'x')));
    expect(error.message).toContain('permission was denied');
    expect(error.hint).toBeDefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!canMount)(`keeps the old content on a full disk and removes the part${withoutMount}`, () => {
    const { folder } = smallDisk('256k');
    const path = join(folder, 'model.safetensors');
    writeFileAtomically(path, 'old');
    const error = errorOf('storage', () => writeFileAtomically(path, new Uint8Array(1_000_000)));
    expect(error.message).toBe(`Could not write "${path}": the disk is full.`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it.skipIf(!canMount)(`says that a disk is read-only${withoutMount}`, () => {
    const { folder, remount } = smallDisk('64k');
    remount('ro');
    expect(errorOf('storage', () => writeFileAtomically(join(folder, 'a'), 'x')).message).toContain(
      'the disk is read-only',
    );
  });

  it.skipIf(process.platform === 'win32')('removes the part where the system refuses a file of that size', () => {
    const folder = temporaryFolder();
    const module = new URL('../../main/storage/atomic-write.ts', import.meta.url).href;
    const script = `
      import { writeFileAtomically } from '${module}';
      try { writeFileAtomically('big.bin', new Uint8Array(10_000_000)); } catch (error) { process.stdout.write(error.message); }`;
    const command = `ulimit -f 1000; exec "$0" --input-type=module-typescript -e "$1"`;
    const said = execFileSync('sh', ['-c', command, process.execPath, script], { cwd: folder, encoding: 'utf8' });
    expect(said).toContain('larger than is allowed');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a process that is killed while it writes', () => {
  it('leaves the old or the new content, whole', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'model.safetensors');
    const script = `
      import { writeFileAtomically } from 'STORAGE/atomic-write.ts';
      for (let i = 0; ; i++) {
        writeFileAtomically(process.argv[1], new Uint8Array(3_000_000).fill(i));
        if (i === 0) console.log('begun');
      }`;
    const child = startChild(script, [path]);
    await firstOutputOf(child);
    await setTimeout(50);
    child.kill('SIGKILL');
    await once(child, 'close');
    const bytes = readFileSync(path);
    expect(bytes.length).toBe(3_000_000);
    expect(bytes.every((value) => value === bytes[0])).toBe(true);
    expect(readdirSync(folder).filter((name) => name !== 'model.safetensors' && !isTemporaryName(name))).toEqual([]);
  });
});

describe('replaceFolder', () => {
  it('replaces all files of the earlier folder', () => {
    const folder = join(temporaryFolder(), 'scores');
    replaceFolder(folder, { a: '1', b: '2' });
    replaceFolder(folder, { b: '3', c: '4' });
    expect(readdirSync(folder).sort()).toEqual(['b', 'c']);
    expect(readdirSync(join(folder, '..'))).toEqual(['scores']);
  });

  it('writes what comes in parts, and nothing where a part fails', () => {
    const folder = join(temporaryFolder(), 'scores');
    function* parts(fault?: Error): Generator<Uint8Array> {
      const part = new Uint8Array(2);
      yield part.fill(1);
      yield part.fill(2);
      if (fault) throw fault;
    }
    replaceFolder(folder, { a: parts() });
    expect(() => replaceFolder(folder, { a: 'x', b: parts(new Error('cut off')) })).toThrow('cut off');
    expect([...readFileSync(join(folder, 'a'))]).toEqual([1, 1, 2, 2]);
    expect(readdirSync(join(folder, '..'))).toEqual(['scores']);
  });

  it.skipIf(!canMount)(`leaves the earlier folder as it was on a full disk${withoutMount}`, () => {
    const disk = smallDisk('256k').folder;
    const folder = join(disk, 'scores');
    replaceFolder(folder, { a: 'old' });
    errorOf('storage', () => replaceFolder(folder, { a: 'new', b: new Uint8Array(1_000_000) }));
    expect(readdirSync(disk)).toEqual(['scores']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
  });
});

describe('toStorageError', () => {
  it.skipIf(!hasFullDevice)(`speaks of a full disk${withoutFullDevice}`, () => {
    let found: unknown;
    try {
      writeFileSync('/dev/full', 'x');
    } catch (error) {
      found = toStorageError(error, 'write "x"');
    }
    expect(found).toMatchObject({
      code: 'storage',
      message: 'Could not write "x": the disk is full.',
      details: { system_code: 'ENOSPC' },
    });
  });

  it('leaves a defect of ours what it is', () => {
    const defect = new TypeError('x is not a function');
    expect(toStorageError(defect, 'write')).toBe(defect);
  });
});

describe('temporary names', () => {
  it('are known again, and no others', () => {
    expect(isTemporaryName('.a.txt.0123456789ab.tmp')).toBe(true);
    expect(isTemporaryName('.a.tmp')).toBe(false);
    expect(isTemporaryName('a.txt')).toBe(false);
  });
});

describe('reading files', () => {
  it('says which file is missing or no JSON', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'eval.json');
    expect(errorOf('not-found', () => readFileBytes(path)).message).toBe(`There is no file "${path}".`);
    errorOf('storage', () => readFileBytes(folder));
    writeFileSync(path, '{"a": ');
    expect(errorOf('bad-data', () => readJsonFile(path)).message).toContain(`"${path}": expected JSON`);
    writeFileSync(path, new Uint8Array([0x22, 0xff, 0x22]));
    expect(errorOf('bad-data', () => readJsonFile(path)).message).toContain('UTF-8');
  });
});

describe('JSON lines', () => {
  it('are read back in order', () => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    appendLine(path, { epoch: 1, text: 'a\nb – ü' });
    appendLine(path, { epoch: 2, loss: NaN });
    expect(readLines(path)).toEqual([
      { epoch: 1, text: 'a\nb – ü' },
      { epoch: 2, loss: null },
    ]);
  });

  it.each(['{"epoch":3,"lo', '{"epoch":3}', '\ud83d', 'x'.repeat(10_000)])('leave out a torn last line: %j', (torn) => {
    const path = join(temporaryFolder(), 'metrics.jsonl');
    appendLine(path, { epoch: 1 });
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.concat([whole, Buffer.from(torn).subarray(0, -1)]));
    expect(readLines(path)).toEqual([{ epoch: 1 }]);
    appendLine(path, { epoch: 2 });
    expect(readLines(path)).toEqual([{ epoch: 1 }, { epoch: 2 }]);
  });

  it('start over where the very first line was torn', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    writeFileSync(path, '{"a"');
    expect(readLines(path)).toEqual([]);
    appendLine(path, { a: 1 });
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
  });

  it('name the line that is damaged in the middle', () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    writeFileSync(path, '{"a":1}\nnull\n{"a":2}\n');
    expect(errorOf('bad-data', () => readLines(path)).message).toBe(
      `"${path}", line 2: expected a JSON object, found "null".`,
    );
  });

  it.skipIf(!hasFullDevice)(`say that the disk is full${withoutFullDevice}`, () => {
    const path = join(temporaryFolder(), 'log.jsonl');
    symlinkSync('/dev/full', path);
    expect(errorOf('storage', () => appendLine(path, { a: 1 })).message).toContain('the disk is full');
  });

  it.skipIf(!canMount)(`are whole after a disk ran full${withoutMount}`, () => {
    const { folder } = smallDisk('64k');
    const path = join(folder, 'metrics.jsonl');
    appendLine(path, { epoch: 1 });
    fillDisk(folder);
    errorOf('storage', () => {
      for (let epoch = 2; epoch < 2000; epoch++) appendLine(path, { epoch, filler: 'x'.repeat(100) });
    });
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
    expect(readLines(path)[0]).toEqual({ epoch: 1 });
  });
});
