import { open, rename, rm, stat } from 'node:fs/promises';
import { CupbearerError } from '../../../shared/errors.ts';
import { hashFile } from '../../storage/content-hash.ts';
import { systemCode, toStorageError } from '../../storage/storage-error.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { KnownFile } from '../sources.ts';

/** How a file is fetched. */
interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that are on disk. */
  readonly onBytes?: (bytes: number) => void;
  /** A server that sends nothing for so long is given up. */
  readonly idleTimeoutMs?: number;
}

/**
 * Downloads `file` to `path` from the first of `addresses` that delivers it. What arrives goes to `path` + ".part",
 * from where a later call (or the next address) continues; the file gets its name once size and SHA-256 are right.
 * @throws CupbearerError `network` with one reason an address, `cancelled`, or `storage`.
 */
export async function fetchFile(
  addresses: readonly string[],
  path: string,
  file: KnownFile,
  options: FetchOptions = {},
): Promise<void> {
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      await fetchFrom(address, path, file, options);
      return;
    } catch (error) {
      checkNotCancelled(options.signal, `Downloading ${file.name}`);
      if (!(error instanceof CupbearerError && error.code === 'network'))
        throw toStorageError(error, `write "${path}"`);
      reasons.push(error.message);
    }
  }
  throw new CupbearerError('network', `${file.name} could not be downloaded. ${reasons.join(' ')}`, {
    hint: 'Check the connection and try again: what has arrived is kept, and the download resumes there.',
    details: { addresses: [...addresses], reasons },
  });
}

async function fetchFrom(address: string, path: string, file: KnownFile, options: FetchOptions): Promise<void> {
  const part = `${path}.part`;
  const had = await sizeOf(part);
  if (had > file.bytes) await rm(part, { force: true });
  const start = had > file.bytes ? 0 : had;
  if (start < file.bytes) await receive(address, part, start, file, options);
  const found = hashFile(part);
  if (found === file.sha256) {
    await rename(part, path);
    return;
  }
  await rm(part, { force: true });
  // An older part that was completed with something else: the address deserves a try from the start.
  if (start > 0) return fetchFrom(address, path, file, options);
  throw failed(address, `expected SHA-256 ${file.sha256}, found ${found}`);
}

/** Appends what is missing from `start` on to `part`, or rewrites it if the server sends the whole file. */
async function receive(
  address: string,
  part: string,
  start: number,
  file: KnownFile,
  { signal, onBytes, idleTimeoutMs = 60_000 }: FetchOptions,
): Promise<void> {
  const idle = new AbortController();
  let timer = setTimeout(() => idle.abort(), idleTimeoutMs);
  const stillAlive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => idle.abort(), idleTimeoutMs);
  };
  try {
    const response = await fetch(address, {
      headers: {
        // Otherwise a server may send .gz files unpacked on the way, and a range would count other bytes than ours.
        'Accept-Encoding': 'identity',
        ...(start > 0 ? { Range: `bytes=${start}-` } : {}),
      },
      signal: signal ? AbortSignal.any([signal, idle.signal]) : idle.signal,
    });
    stillAlive();
    // What is on disk is longer than what the server has: it cannot be the beginning of it.
    if (response.status === 416 && start > 0) {
      await response.body?.cancel();
      return await receive(address, part, 0, file, { signal, ...(onBytes ? { onBytes } : {}), idleTimeoutMs });
    }
    const from = startOf(response, start, address, file);
    const output = await open(part, from > 0 ? 'a' : 'w');
    try {
      let size = from;
      onBytes?.(size);
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        stillAlive();
        size += chunk.length;
        if (size > file.bytes) throw failed(address, `expected ${file.bytes} bytes, found more`);
        await output.write(chunk);
        onBytes?.(size);
      }
      if (size < file.bytes) throw failed(address, `expected ${file.bytes} bytes, the connection ended after ${size}`);
      await output.sync();
    } finally {
      await output.close();
    }
  } catch (error) {
    if (error instanceof CupbearerError || (systemCode(error) !== undefined && isFileError(error))) throw error;
    if (idle.signal.aborted) throw failed(address, `nothing arrived for ${Math.round(idleTimeoutMs / 1000)} seconds`);
    throw failed(address, reasonOf(error), error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Returns where in the file the response begins. @throws CupbearerError `network` if it is not (a part of) the file.
 */
function startOf(response: Response, asked: number, address: string, file: KnownFile): number {
  if (response.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (Number(from) === asked && (total === '*' || Number(total) === file.bytes)) return asked;
    throw failed(
      address,
      `expected bytes from ${asked} on of ${file.bytes}, found "${response.headers.get('content-range')}"`,
    );
  }
  if (response.status !== 200)
    throw failed(address, `the server answered ${response.status} ${response.statusText}`.trim());
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== file.bytes) {
    throw failed(address, `expected ${file.bytes} bytes, found ${length}`);
  }
  return 0;
}

function failed(address: string, reason: string, cause?: unknown): CupbearerError {
  return new CupbearerError('network', `${address}: ${reason}.`, { cause });
}

/** Whether a system error comes from writing the file rather than from the connection. */
function isFileError(error: unknown): boolean {
  return ['open', 'write', 'fsync', 'close', 'rename', 'unlink'].includes(
    (error as NodeJS.ErrnoException).syscall ?? '',
  );
}

/** fetch hides what went wrong ("ECONNREFUSED", "other side closed") behind "fetch failed" or "terminated". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.message || String((error.cause as NodeJS.ErrnoException).code)})`
    : error.message;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
