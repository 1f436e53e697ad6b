import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { devNull } from 'node:os';
import { unzipSync } from 'fflate';
import { CupbearerError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format.ts';
import { discard, replaceFolder } from '../storage/atomic-write.ts';
import { checkFileName } from '../storage/file-name.ts';
import { cupbearerHome } from '../storage/home.ts';
import { isInside } from '../storage/real-path.ts';
import { createPrivateFolder } from '../storage/private-files.ts';
import { readFileBytes } from '../storage/read-file.ts';
import { temporaryPath } from '../storage/temporary-names.ts';
import { manifestOf, mostPluginBytes, mostPluginFiles, readContent, type PluginFile } from './content.ts';
import { changePlugins, installedPlugins, type InstalledPlugin } from './plugin-store.ts';

/** A zip is at most as large as what is in it may be, and some more for names. */
const mostZipBytes = mostPluginBytes + 2 ** 20;
const cloneMs = 120_000;

interface AddOptions {
  /** Whether it is the user's own folder. */
  isDevelopment?: boolean;
  home?: string;
}

/**
 * Lists the plugin in a folder, off until its content is allowed. Runs nothing. Returns its id.
 * @throws CupbearerError `not-found`, `bad-data` as reading its content; `conflict` where its id is another plugin's.
 */
export async function addFolder(
  path: string,
  { isDevelopment = false, home = cupbearerHome() }: AddOptions = {},
): Promise<string> {
  const folder = resolve(path);
  const { id } = readContent(folder).manifest;
  refuseOther(id, folder, home);
  await list({ id, folder, isDevelopment, isEnabled: true, allowed: [] }, home);
  return id;
}

/** The same of a zip, whose files are kept in the program's own folder. @throws CupbearerError as {@link addFolder}; `usage` for names that lead out. */
export async function addZip(path: string, { home = cupbearerHome() }: AddOptions = {}): Promise<string> {
  return addFiles(filesOfZip(readFileBytes(path, mostZipBytes), path), path, home);
}

/** The same of a Git repository. @throws CupbearerError as {@link addFolder}; `usage` for other addresses than of https and ssh, `network`. */
export async function addRepository(
  url: string,
  { home = cupbearerHome(), signal }: AddOptions & { signal?: AbortSignal } = {},
): Promise<string> {
  if (!/^(https:\/\/|ssh:\/\/|[\w.-]+@[\w.-]+:)[^\s]+$/.test(url)) {
    throw new CupbearerError('usage', `Expected the address of a Git repository over https or ssh, found "${url}".`, {
      hint: 'For example https://github.com/someone/some-plugin',
    });
  }
  const base = sourcesFolder(home);
  createPrivateFolder(base);
  const clone = temporaryPath(join(base, 'clone'));
  try {
    await git(['clone', '--quiet', '--depth', '1', '--single-branch', '--no-tags', '--', url, clone], signal);
    return await addFiles(readContent(clone).files, url, home);
  } finally {
    discard(clone);
  }
}

/** The folder of files that have no other place. */
function sourcesFolder(home: string): string {
  return join(home, 'plugins', 'sources');
}

async function addFiles(files: readonly PluginFile[], from: string, home: string): Promise<string> {
  const { id } = manifestOf(files, from);
  const folder = join(sourcesFolder(home), id);
  refuseOther(id, folder, home);
  createPrivateFolder(sourcesFolder(home));
  replaceFolder(folder, Object.fromEntries(files.map(({ place, bytes }) => [place, bytes])));
  // As every folder is read: with what it leaves out, and within its bounds.
  readContent(folder);
  await list({ id, folder, isDevelopment: false, isEnabled: true, allowed: [] }, home);
  return id;
}

/** Removes what {@link addZip} and {@link addRepository} have kept of a plugin; folders of the user's stay. */
export function discardSources({ folder }: InstalledPlugin, home: string = cupbearerHome()): void {
  if (isInside(sourcesFolder(home), folder)) discard(folder);
}

function refuseOther(id: string, folder: string, home: string): void {
  const other = installedPlugins(home).find((plugin) => plugin.id === id && plugin.folder !== folder);
  if (!other) return;
  throw new CupbearerError('conflict', `There is a plugin "${id}" already, in "${other.folder}".`, {
    hint: 'Remove that one first, or give this one another id in its manifest.',
  });
}

/** A plugin that is listed already keeps what was allowed of it. */
async function list(plugin: InstalledPlugin, home: string): Promise<void> {
  await changePlugins((plugins) => {
    const known = plugins.find(({ id }) => id === plugin.id);
    return [...plugins.filter(({ id }) => id !== plugin.id), known ? { ...known, isEnabled: true } : plugin];
  }, home);
}

/** The files of a zip; where all lie in one folder, those of that. */
function filesOfZip(bytes: Uint8Array, path: string): PluginFile[] {
  let count = 0;
  let size = 0;
  const isWanted = ({ name, originalSize }: { name: string; originalSize: number }) => {
    if (name.endsWith('/')) return false;
    count++;
    size += originalSize;
    if (count > mostPluginFiles || size > mostPluginBytes)
      throw new CupbearerError(
        'bad-data',
        `"${path}" holds more than ${mostPluginFiles} files or ${formatBytes(mostPluginBytes)}.`,
      );
    return true;
  };
  const entries = Object.entries(unzipped(bytes, path, isWanted)).filter(([name]) => !name.startsWith('__MACOSX/'));
  for (const [name] of entries)
    for (const part of name.split('/')) checkFileName(part, `"${path}" holds the name ${JSON.stringify(name)}`);
  const top = entries[0]?.[0].split('/')[0];
  const isInOne = entries.every(([name]) => name.includes('/') && name.split('/')[0] === top);
  return entries.map(([name, content]) => ({ place: isInOne ? name.slice(top!.length + 1) : name, bytes: content }));
}

function unzipped(
  bytes: Uint8Array,
  path: string,
  filter: (file: { name: string; originalSize: number }) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof CupbearerError) throw error;
    throw new CupbearerError('bad-data', `"${path}" is not a zip that can be read.`, { cause: error });
  }
}

/** Runs Git so that a repository can make it run nothing else. */
async function git(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const settings = ['core.symlinks=false', `core.hooksPath=${devNull}`, 'protocol.allow=never'];
  const allowed = ['protocol.https.allow=always', 'protocol.ssh.allow=always'];
  const options = [...settings, ...allowed].flatMap((setting) => ['-c', setting]);
  const env = {
    ...process.env,
    GIT_TERMINAL_PROMPT: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  };
  await new Promise<void>((done, fail) => {
    execFile(
      'git',
      [...options, ...args],
      { env, timeout: cloneMs, signal, maxBuffer: 2 ** 20 },
      (error, _, output) => {
        if (!error) return done();
        if (signal?.aborted) return fail(new CupbearerError('cancelled', 'Cancelled.'));
        const reason = 'code' in error && error.code === 'ENOENT' ? 'Git is not installed.' : lastLine(output);
        fail(new CupbearerError('network', `The repository could not be fetched. ${reason}`, { cause: error }));
      },
    );
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
