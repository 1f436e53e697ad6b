import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeNamedFile } from '../../main/hosts/cli/write-named-file.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

const notHere =
  process.platform === 'win32' ? ' (skipped: Windows has no pipes in folders, links for admins alone)' : '';

describe.skipIf(notHere !== '')(`writeNamedFile${notHere}`, () => {
  it('writes through a link to a file, and leaves the link', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'elsewhere'));
    const target = join(folder, 'elsewhere', 'target.csv');
    writeFileSync(target, 'old');
    symlinkSync('elsewhere/target.csv', join(folder, 'first'));
    symlinkSync('first', join(folder, 'second'));
    await writeNamedFile(join(folder, 'second'), 'new');
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(readlinkSync(join(folder, 'second'))).toBe('first');
    expect(readlinkSync(join(folder, 'first'))).toBe('elsewhere/target.csv');
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['target.csv']);
  });

  it('creates the file that a link leads to', async () => {
    const folder = temporaryFolder();
    symlinkSync('not-yet.html', join(folder, 'link'));
    await writeNamedFile(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'not-yet.html'), 'utf8')).toBe('new');
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  it('refuses links in a circle, and folders', async () => {
    const folder = temporaryFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(writeNamedFile(join(folder, 'a'), 'x')).rejects.toMatchObject({ code: 'storage' });
    await expect(writeNamedFile(folder, 'x')).rejects.toThrow(
      `Could not write "${folder}": it is a folder, where a file was expected.`,
    );
    symlinkSync('.', join(folder, 'here'));
    await expect(writeNamedFile(join(folder, 'here'), 'x')).rejects.toThrow(/it is a folder/);
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'here']);
  });

  it('writes into a pipe, directly or through a link, and leaves the pipe', async () => {
    const folder = temporaryFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('pipe', join(folder, 'link'));
    for (const name of ['pipe', 'link']) {
      const reader = spawn('cat', [pipe]);
      let read = '';
      reader.stdout.on('data', (chunk) => (read += String(chunk)));
      const ended = new Promise((resolve) => reader.on('close', resolve));
      const long = name.repeat(50_000);
      await writeNamedFile(join(folder, name), long);
      await ended;
      expect(read === long).toBe(true);
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link', 'pipe']);
  });
});
