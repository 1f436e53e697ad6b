import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { CupbearerError } from '../../../shared/errors.ts';
import { isGzip } from '../stored-places.ts';
import { numbered } from '../../../shared/format.ts';

const gunzipAsync = promisify(gunzip);

/** Deflate cannot do better (zlib technical notes); a file that promises more is corrupted. */
const largestRatio = 1032;

/**
 * Beyond 64 MiB, more than the images of MNIST, a file may unpack to 64 times its size: pictures do to ten times at most, and
 * a small file is not to fill the memory.
 */
const freeBytes = 2 ** 26;
const usualRatio = 64;

/** Far above every dataset read here; stops a small file that honestly unpacks to something enormous. */
export const largestDataBytes = 2 ** 30;

/**
 * The unpacked bytes of a gzip file (RFC 1952, one member); bytes that do not begin as gzip are returned as they are.
 * Never unpacks more than the file's own trailer promises. @throws CupbearerError `bad-data` where the file is
 * truncated, corrupted, followed by other bytes, larger than {@link largestDataBytes} when unpacked, or out of proportion.
 */
export async function gunzipped(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const promised = promisedSize(bytes, file);
  let unpacked: Uint8Array;
  try {
    unpacked = await gunzipAsync(bytes, {
      maxOutputLength: Math.max(1, promised),
      // All of it at once: of pieces there would be a second copy when they are put together. What is not filled takes no memory.
      chunkSize: Math.max(promised + 1, 1024),
      finishFlush: constants.Z_FINISH,
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const found =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `more than the ${numbered(promised, 'byte')} that its end promises`
        : code === 'Z_BUF_ERROR'
          ? 'the file ends too early'
          : `a fault in the compressed data (${message})`;
    throw new CupbearerError('bad-data', `${file}: expected a whole gzip file, found ${found}.`, { cause });
  }
  if (unpacked.length !== promised) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected a gzip file of ${numbered(promised, 'byte')} unpacked (its last four bytes), found ${unpacked.length}.`,
    );
  }
  return unpacked;
}

/** The unpacked size that the last four bytes of a gzip file state (ISIZE), checked against what the file can hold. */
function promisedSize(bytes: Uint8Array, file: string): number {
  // A header of 10 bytes, an empty deflate stream of 2, and a trailer of 8.
  if (bytes.length < 20) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected a whole gzip file, found only ${numbered(bytes.length, 'byte')}.`,
    );
  }
  const promised = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.length - 4, true);
  if (promised > bytes.length * largestRatio) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected a whole gzip file, found ${numbered(bytes.length, 'byte')} whose end promises ${promised} unpacked, ` +
        'which they cannot hold (truncated, or followed by other bytes).',
    );
  }
  if (promised > largestDataBytes) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected at most ${largestDataBytes} bytes unpacked, found ${promised} promised.`,
    );
  }
  const most = Math.max(freeBytes, usualRatio * bytes.length);
  if (promised > most) {
    throw new CupbearerError(
      'bad-data',
      `${file}: expected at most ${most} bytes unpacked from a gzip file of ${bytes.length}, found ${promised} promised.`,
      { hint: 'Unpack it first, if you trust it: files that are not packed are read too.' },
    );
  }
  return promised;
}
