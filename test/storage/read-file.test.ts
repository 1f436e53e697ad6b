import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFileBytes, readFileStart, readJsonFile } from '../../main/storage/read-file.ts';
import { outputWithin, startChild } from './child.ts';
import { errorOf, temporaryFolder } from './fixtures.ts';

const isPosix = process.platform !== 'win32';

describe('reading a file', () => {
  it('is refused beyond a bound, before memory is taken for it', () => {
    const path = join(temporaryFolder(), 'large');
    writeFileSync(path, '123456');
    expect(readFileBytes(path, 6)).toHaveLength(6);
    expect(errorOf('bad-data', () => readFileBytes(path, 5)).message).toBe(
      `"${path}": expected at most 5\u00a0B, found 6\u00a0B.`,
    );
    // A sparse file takes no room on the disk, and would take all of the memory.
    truncateSync(path, 2 ** 42);
    expect(errorOf('bad-data', () => readFileBytes(path)).message).toContain('found 4.4\u00a0TB');
    errorOf('bad-data', () => readJsonFile(path));
    expect(readFileStart(path, 3)).toHaveLength(3);
  });

  it('is refused for JSON that is nested too deeply', () => {
    const path = join(temporaryFolder(), 'deep.json');
    writeFileSync(path, '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000));
    expect(errorOf('bad-data', () => readJsonFile(path)).message).toBe(
      `"${path}": expected JSON nested at most 100 levels deep, found it nested deeper.`,
    );
  });

  // A process of its own: a read that does not return could not be ended from within.
  it.skipIf(!isPosix)('is refused for pipes that nobody writes to and for devices without an end', async () => {
    const folder = temporaryFolder();
    const [pipe, device] = [join(folder, 'pipe'), join(folder, 'device')];
    execFileSync('mkfifo', [pipe]);
    symlinkSync('/dev/zero', device);
    const script = `
      import { ByteFile } from 'STORAGE/byte-file.ts';
      import { hashFile } from 'STORAGE/content-hash.ts';
      import { JsonLinesTail } from 'STORAGE/json-lines-tail.ts';
      import { readLines } from 'STORAGE/json-lines.ts';
      import { readFileBytes, readFileStart, readJsonFile } from 'STORAGE/read-file.ts';
      for (const path of process.argv.slice(1)) {
        const reads = [
          () => readFileBytes(path), () => readFileStart(path, 8), () => readJsonFile(path), () => readLines(path),
          () => hashFile(path), () => ByteFile.part(path, 0, 8), () => new JsonLinesTail(path).read(),
        ];
        for (const read of reads) try { read(); console.log('read'); } catch (error) { console.log(error.message); }
      }`;
    const said = await outputWithin(startChild(script, [pipe, device]), 30_000);
    const refusal = (path: string) => `Could not read "${path}": it is a pipe or device, where a file was expected.\n`;
    expect(said).toBe(refusal(pipe).repeat(7) + refusal(device).repeat(7));
  });
});
