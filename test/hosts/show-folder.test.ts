import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showFolder, showFolderCommand } from '../../main/hosts/cli/show-folder.ts';
import { isFolder } from '../../main/storage/is-folder.ts';

describe('the file manager', () => {
  it('selects a folder on macOS, where opening one named X.app would start it', () => {
    const command = showFolderCommand('/runs/X.app', 'darwin', {});
    expect(command).toEqual({ file: '/usr/bin/open', args: ['-R', '/runs/X.app'] });
  });

  it('selects a folder on Windows, where X may be taken for X.exe beside it', () => {
    const command = showFolderCommand('C:\\my runs\\X', 'win32', { SystemRoot: 'D:\\Windows' });
    expect(command).toEqual({
      file: 'D:\\Windows\\explorer.exe',
      args: ['/select,"C:\\my runs\\X"'],
      isQuoted: true,
    });
    expect(showFolderCommand('C:\\X', 'win32', {}).file).toBe('C:\\Windows\\explorer.exe');
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  let place: string;
  beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'cupbearer-show-'))));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true, force: true });
  });

  it('a folder is handed to xdg-open as one word', async () => {
    const told = join(place, 'told');
    writeFileSync(
      join(place, 'xdg-open'),
      `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > ${told}.part && mv ${told}.part ${told}\n`,
    );
    chmodSync(join(place, 'xdg-open'), 0o755);
    vi.stubEnv('PATH', `${place}:${process.env['PATH']}`);
    const folder = join(place, 'X.desktop; touch y');
    mkdirSync(folder);
    expect(await showFolder(folder)).toBe(true);
    await vi.waitFor(() => expect(existsSync(told)).toBe(true), 10_000);
    expect(readFileSync(told, 'utf8')).toBe(`1\n${folder}\n`);
  });

  it('says so where there is none', async () => {
    vi.stubEnv('PATH', place);
    expect(await showFolder(place)).toBe(false);
  });
});

it('only a folder is one', () => {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-folder-'));
  try {
    writeFileSync(join(place, 'run.desktop'), '');
    expect(isFolder(place)).toBe(true);
    expect(isFolder(join(place, 'run.desktop'))).toBe(false);
    expect(isFolder(join(place, 'run.desktop', 'x'))).toBe(false);
    expect(isFolder(join(place, 'gone'))).toBe(false);
  } finally {
    rmSync(place, { recursive: true });
  }
});
