import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { open, type Entry, type ZipFile } from 'yauzl';
import { CupbearerError } from '../../shared/errors.ts';
import { createFolder } from '../storage/create-folder.ts';
import { toStorageError } from '../storage/storage-error.ts';

/** A Python wheel: a zip file that lists the SHA-256 of each of its files. */
export class Wheel {
  readonly path: string;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  /** SHA-256 by file name, as base64 for URLs. */
  readonly #hashes: ReadonlyMap<string, string>;
  /** Lines of `METADATA`: "Name: tensorflow", "Requires-Dist: ...". */
  readonly metadata: readonly string[];

  private constructor(
    path: string,
    zip: ZipFile,
    entries: ReadonlyMap<string, Entry>,
    hashes: ReadonlyMap<string, string>,
    metadata: readonly string[],
  ) {
    this.path = path;
    this.#zip = zip;
    this.#entries = entries;
    this.#hashes = hashes;
    this.metadata = metadata;
  }

  /** @throws CupbearerError `bad-data` where it is no wheel or was cut off, `not-found`, `storage`. */
  static async open(path: string): Promise<Wheel> {
    const zip = await openZip(path).catch((cause: unknown) => {
      throw damaged(path, cause);
    });
    try {
      const entries = await entriesOf(zip);
      const read = async (name: string) => {
        const [entry] = [...entries.values()].filter(({ fileName }) => fileName.endsWith(`.dist-info/${name}`));
        if (!entry) throw new Error(`it has no ${name}`);
        return (await text(await openEntry(zip, entry))).split(/\r?\n/);
      };
      const record = (await read('RECORD')).map((line) => /^(.+),sha256=([\w-]+),\d*$/.exec(line));
      const hashes = new Map(record.flatMap((match) => (match ? [[match[1]!, match[2]!]] : [])));
      return new Wheel(path, zip, entries, hashes, await read('METADATA'));
    } catch (cause) {
      zip.close();
      throw damaged(path, cause);
    }
  }

  /** Value of a line of `METADATA`, for example of "Version". */
  value(key: string): string | undefined {
    return this.metadata.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
  }

  /**
   * Unpacks the files that `choose` gives a path for, relative to `folder`, each checked against its SHA-256. Returns those paths.
   * @throws CupbearerError `bad-data` where one is damaged, `storage`.
   */
  async unpack(folder: string, choose: (name: string) => string | undefined): Promise<string[]> {
    const unpacked: string[] = [];
    for (const [name, entry] of this.#entries) {
      const path = name.endsWith('/') ? undefined : choose(name);
      if (path === undefined) continue;
      await this.#unpackOne(entry, join(folder, path));
      unpacked.push(path);
    }
    return unpacked;
  }

  async #unpackOne(entry: Entry, path: string): Promise<void> {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform: (chunk: Buffer, _, done) => {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      createFolder(dirname(path));
      await pipeline(await openEntry(this.#zip, entry), hashing, createWriteStream(path, { mode: 0o755 }));
    } catch (error) {
      const known = toStorageError(error, `write "${path}"`);
      throw known instanceof CupbearerError ? known : damaged(this.path, error);
    }
    const found = hash.digest('base64url');
    const expected = this.#hashes.get(entry.fileName);
    if (found !== expected)
      throw damaged(this.path, new Error(`${entry.fileName} has SHA-256 ${found}, expected ${expected ?? 'none'}`));
  }

  close(): void {
    this.#zip.close();
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) =>
    open(path, { autoClose: false, lazyEntries: true }, (error, zip) => (error ? reject(error) : resolve(zip))),
  );
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream))),
  );
}

/** The files of a zip file by name. Names that would lead out of a folder are refused by the library. */
function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function damaged(path: string, cause: unknown): unknown {
  const known = toStorageError(cause, `read "${path}"`);
  if (known instanceof CupbearerError) return known;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CupbearerError('bad-data', `"${basename(path)}" is no whole wheel: ${why.replace(/\.+$/, '')}.`, {
    hint: 'It was cut off or damaged on the way: delete it and fetch it again.',
    cause,
  });
}
