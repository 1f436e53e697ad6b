import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WatchedFile } from '../../main/storage/watched-file.ts';
import { within } from '../../main/storage/within-folder.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watched-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('WatchedFile', () => {
  it('reads parts, also in another thread that knows what the file was like', () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'abcdef');
    const file = new WatchedFile(within(folder, 'a'));
    expect(file.size).toBe(6);
    const other = new WatchedFile(structuredClone(file.state));
    expect(Buffer.from(other.read(2, 3)).toString()).toBe('cde');
    expect(() => other.read(4, 3)).toThrow(`"${path}": expected at least 7 bytes, found 6.`);
    other.close();
    writeFileSync(path, 'abcdefg');
    expect(() => other.read(0, 1)).toThrow('has changed while it was read: expected 6 bytes, found 7');
    file.close();
  });

  it.skipIf(!existsSync('/proc/self/fd'))('keeps few of many files open, and reads all of them', () => {
    const before = readdirSync('/proc/self/fd').length;
    const files = Array.from({ length: 200 }, (_, i) => {
      writeFileSync(join(folder, `${i}`), String(i));
      return new WatchedFile(join(folder, `${i}`));
    });
    for (let round = 0; round < 2; round++)
      for (const [i, file] of files.entries()) expect(Buffer.from(file.read(0, file.size)).toString()).toBe(String(i));
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThanOrEqual(64);
    for (const file of files) file.close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
