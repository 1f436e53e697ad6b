import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CupbearerError } from '../../../shared/errors.ts';
import { hashFile } from '../../storage/content-hash.ts';
import { toStorageError } from '../../storage/storage-error.ts';
import { temporaryPath } from '../../storage/temporary-names.ts';
import { checkNotCancelled } from '../cancellation.ts';
import type { SourceFile } from '../sources.ts';
import { readTar, type TarEntry } from './tar.ts';

/**
 * Takes the members that `file` names out of the tar.gz archive at `archive` into `folder`. Names in the archive are
 * only compared with those, never used as paths. A member gets its name once size and SHA-256 are right.
 * @throws CupbearerError `bad-data` if the archive is damaged or lacks a member, `cancelled`, `storage`.
 */
export async function unpackMembers(
  archive: string,
  file: SourceFile,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const missing = new Map((file.members ?? []).map((member) => [member.path, member]));
  const unpacked = new PassThrough();
  const reading = pipeline(createReadStream(archive), createGunzip(), unpacked);
  // Failures of the pipeline reach the loop below through the stream that it reads.
  reading.catch(() => undefined);
  try {
    for await (const entry of readTar(unpacked as AsyncIterable<Uint8Array>, archive)) {
      checkNotCancelled(signal, `Unpacking ${file.name}`);
      const member = missing.get(entry.path);
      if (!member) continue;
      if (entry.bytes !== member.bytes) {
        throw new CupbearerError(
          'bad-data',
          `${archive}: expected ${member.bytes} bytes in ${member.path}, found ${entry.bytes}.`,
        );
      }
      await writeMember(entry, join(folder, member.name), member.sha256);
      missing.delete(entry.path);
      if (missing.size === 0) return;
    }
  } catch (error) {
    throw asArchiveError(error, archive);
  } finally {
    unpacked.destroy();
  }
  throw new CupbearerError('bad-data', `${archive}: expected ${[...missing.keys()].join(', ')} in it, found none.`);
}

async function writeMember(entry: TarEntry, path: string, sha256: string): Promise<void> {
  const part = temporaryPath(path);
  try {
    const output = await open(part, 'wx');
    try {
      for await (const chunk of entry.content) await output.write(chunk);
      await output.sync();
    } finally {
      await output.close();
    }
    const found = hashFile(part);
    if (found !== sha256) {
      throw new CupbearerError('bad-data', `${entry.path}: expected SHA-256 ${sha256}, found ${found}.`);
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw toStorageError(error, `write "${path}"`);
  }
}

function asArchiveError(error: unknown, archive: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!code.startsWith('Z_')) return toStorageError(error, `read "${archive}"`);
  const { message } = error as Error;
  return new CupbearerError('bad-data', `${archive}: expected a whole gzip file, found a fault (${message}).`, {
    cause: error,
  });
}
