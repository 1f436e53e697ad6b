import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadDataset } from '../../main/data/download/download-dataset.ts';
import { datasetSources, type DatasetSource, type KnownFile } from '../../main/data/sources.ts';
import { tarBytes } from './tar-bytes.ts';

const content = Buffer.from(Array.from({ length: 200_000 }, (_, k) => (k * 7 + (k >> 8)) & 0xff));
const known = (name: string, bytes: Uint8Array): KnownFile => ({
  name,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let dataDir: string;
let server: Server;
let base: string;
let handler: Handler;
let requests: { url: string; range: string | undefined }[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cupbearer-download-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

/** Serves `bytes`, parts of them where asked for. */
const serving =
  (bytes: Uint8Array): Handler =>
  (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= bytes.length) return void response.writeHead(416).end();
    const headers = { 'Content-Length': bytes.length - start };
    if (start > 0) {
      response.writeHead(206, { ...headers, 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
    } else {
      response.writeHead(200, headers);
    }
    response.end(bytes.subarray(start));
  };

/** Sends the first `count` bytes as if all were to follow, then cuts the connection. */
const cuttingAfter =
  (count: number): Handler =>
  (_request, response) => {
    response.writeHead(200, { 'Content-Length': content.length });
    response.write(content.subarray(0, count), () => setTimeout(() => response.destroy(), 20));
  };

function sources(change: Partial<DatasetSource> = {}): DatasetSource[] {
  return [{ ...datasetSources[0]!, id: 'toy', mirrors: [base], files: [known('data.bin', content)], ...change }];
}

const download = (change: Partial<DatasetSource> = {}, options: object = {}) =>
  downloadDataset('toy', dataDir, { sources: sources(change), ...options });
const stored = (name = 'data.bin') => readFile(join(dataDir, 'toy', name));
const files = async () => (await readdir(join(dataDir, 'toy'))).sort();
const fault = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('the download succeeded'),
    (error: unknown) => error as { code: string; message: string; hint: string },
  );

describe('downloadDataset', () => {
  it('stores the files, reports progress to the end, and keeps them the next time', async () => {
    handler = serving(content);
    const seen: [number, number, string][] = [];
    const progress = (done: number, total: number, file: string) => seen.push([done, total, file]);
    expect(await download({}, { progress })).toEqual({
      folder: join(dataDir, 'toy'),
      downloaded: ['data.bin'],
      kept: [],
    });
    expect((await stored()).equals(content)).toBe(true);
    expect(await files()).toEqual(['data.bin']);
    expect(seen.at(-1)).toEqual([200_000, 200_000, 'data.bin']);
    expect(seen.every(([done], k) => k === 0 || done >= seen[k - 1]![0])).toBe(true);
    expect((await download()).kept).toEqual(['data.bin']);
    expect(requests.length).toBe(1);
  });

  it('replaces a file that is not what it should be', async () => {
    await mkdir(join(dataDir, 'toy'));
    await writeFile(join(dataDir, 'toy', 'data.bin'), 'something else');
    handler = serving(content);
    await download();
    expect((await stored()).equals(content)).toBe(true);
  });

  it('keeps what arrived before the connection was cut, and goes on from there', async () => {
    handler = cuttingAfter(50_000);
    const { code, message, hint } = await fault(download());
    expect(code).toBe('network');
    expect(message).toContain(`data.bin could not be downloaded. ${base}data.bin: `);
    expect(hint).toContain('resumes there');
    expect(await files()).toEqual(['data.bin.part']);
    const arrived = (await stored('data.bin.part')).length;
    expect(arrived).toBeGreaterThan(0);
    handler = serving(content);
    await download();
    expect(requests.at(-1).range).toBe(`bytes=${arrived}-`);
    expect((await stored()).equals(content)).toBe(true);
    expect(await files()).toEqual(['data.bin']);
  });

  it('starts over where the server ignores the range', async () => {
    handler = cuttingAfter(50_000);
    await fault(download());
    handler = (_request, response) => response.writeHead(200).end(content);
    await download();
    expect(requests.length).toBe(2);
    expect((await stored()).equals(content)).toBe(true);
  });

  it('starts over where the part on disk belongs to something else', async () => {
    await mkdir(join(dataDir, 'toy'));
    handler = serving(content);
    for (const part of [Buffer.alloc(1000), Buffer.alloc(200_000), Buffer.alloc(300_000)]) {
      await rm(join(dataDir, 'toy', 'data.bin'), { force: true });
      await writeFile(join(dataDir, 'toy', 'data.bin.part'), part);
      await download();
      expect((await stored()).equals(content)).toBe(true);
    }
  });

  it('starts over where the server has less than the part on disk', async () => {
    await mkdir(join(dataDir, 'toy'));
    await writeFile(join(dataDir, 'toy', 'data.bin.part'), content.subarray(0, 1000));
    handler = (request, response) =>
      request.headers.range ? response.writeHead(416).end() : serving(content)(request, response);
    await download();
    expect((await stored()).equals(content)).toBe(true);
  });

  it('removes what has the wrong checksum and says so', async () => {
    const wrong = Buffer.from(content);
    wrong[100] = wrong[100]! ^ 1;
    handler = serving(wrong);
    const { code, message } = await fault(download());
    expect(code).toBe('network');
    expect(message).toMatch(/expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}\./);
    expect(await files()).toEqual([]);
  });

  it('refuses a file of another length without storing all of it', async () => {
    handler = serving(Buffer.alloc(content.length + 10));
    expect((await fault(download())).message).toContain('expected 200000 bytes, found 200010');
    // Without a stated length it shows only while reading.
    handler = (_request, response) => {
      response.writeHead(200);
      for (let k = 0; k < 40; k++) response.write(Buffer.alloc(100_000));
      response.end();
    };
    expect((await fault(download())).message).toContain('expected 200000 bytes, found more');
    expect((await stored('data.bin.part')).length).toBeLessThanOrEqual(200_000);
    handler = (_request, response) => response.writeHead(200).end(content.subarray(0, 10));
    expect((await fault(download())).message).toContain('the connection ended after 10');
  });

  it('names the address and the answer where there is no such file', async () => {
    handler = (_request, response) => response.writeHead(404).end('no');
    const { code, message } = await fault(download());
    expect(code).toBe('network');
    expect(message).toContain(`${base}data.bin: the server answered 404 Not Found.`);
  });

  it('takes the next mirror, going on with what the first one sent', async () => {
    handler = (request, response) =>
      request.url!.startsWith('/first/')
        ? cuttingAfter(50_000)(request, response)
        : serving(content)(request, response);
    await download({ mirrors: [`${base}first/`, `${base}second/`] });
    expect(requests.map(({ url }) => url)).toEqual(['/first/data.bin', '/second/data.bin']);
    expect(requests[1]!.range).toMatch(/^bytes=\d+-$/);
    expect((await stored()).equals(content)).toBe(true);
  });

  it('gives the reason of every mirror where all fail', async () => {
    handler = (request, response) => response.writeHead(request.url!.startsWith('/a/') ? 404 : 503).end();
    const { message } = await fault(download({ mirrors: [`${base}a/`, `${base}b/`, 'http://127.0.0.1:1/'] }));
    expect(message).toContain('answered 404');
    expect(message).toContain('answered 503');
    expect(message).toContain('http://127.0.0.1:1/data.bin: ');
  });

  it('can be cancelled, keeping what arrived', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 70_000));
    };
    const stop = new AbortController();
    const progress = (done: number) => done > 0 && stop.abort();
    const { code, message } = await fault(download({}, { signal: stop.signal, progress }));
    expect([code, message]).toEqual(['cancelled', 'Downloading data.bin was cancelled.']);
    expect(await files()).toEqual(['data.bin.part']);
    expect((await fault(download({}, { signal: AbortSignal.abort() }))).code).toBe('cancelled');
  });

  it('gives up a server that falls silent', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 10));
    };
    const { code, message } = await fault(download({}, { idleTimeoutMs: 100 }));
    expect(code).toBe('network');
    expect(message).toContain('nothing arrived for');
  });

  it('says where it cannot write', async () => {
    await writeFile(join(dataDir, 'toy'), 'a file in the way');
    expect((await fault(download())).code).toBe('storage');
  });

  it('names the nearest dataset for an unknown one', async () => {
    await expect(downloadDataset('mnits', dataDir)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('Did you mean "mnist"?') as string,
    });
    await expect(downloadDataset('glyphs', dataDir)).rejects.toMatchObject({
      hint: 'The dataset "glyphs" is built in and needs no download.',
    });
  });
});

describe('a dataset in an archive', () => {
  const one = Buffer.from('first member '.repeat(1000));
  const two = Buffer.from('second member '.repeat(100));
  const archived = (entries: Parameters<typeof tarBytes>[0]) => {
    const archive = gzipSync(tarBytes(entries));
    const members = [
      { ...known('one.bin', one), path: 'set/one.bin' },
      { ...known('two.bin', two), path: 'set/two.bin' },
    ];
    handler = serving(archive);
    return { files: [{ ...known('set.tar.gz', archive), members }] };
  };

  it('is unpacked, nothing but its members is written, and the archive is not kept', async () => {
    const change = archived([
      { path: 'set/', content: Buffer.alloc(0), type: '5' },
      { path: '../escaped.bin', content: Buffer.from('out') },
      { path: 'set/readme.html', content: Buffer.from('<p>') },
      { path: 'set/one.bin', content: one },
      { path: 'set/two.bin', content: two },
    ]);
    const result = await download(change);
    expect(result.downloaded).toEqual(['one.bin', 'two.bin']);
    expect(await files()).toEqual(['one.bin', 'two.bin']);
    expect(existsSync(join(dataDir, 'escaped.bin'))).toBe(false);
    expect(await stored('one.bin')).toEqual(one);
    expect(await stored('two.bin')).toEqual(two);
    expect((await download(change)).kept).toEqual(['one.bin', 'two.bin']);
    expect(requests.length).toBe(1);
  });

  it('is refused where a member is missing, too long or another', async () => {
    const without = archived([{ path: 'set/one.bin', content: one }]);
    expect((await fault(download(without))).message).toContain('expected set/two.bin in it, found none');
    const longer = archived([{ path: 'set/one.bin', content: Buffer.concat([one, one]) }]);
    expect((await fault(download(longer))).message).toContain('expected 13000 bytes in set/one.bin, found 26000');
    const other = archived([{ path: 'set/two.bin', content: Buffer.alloc(two.length) }]);
    const { code, message } = await fault(download(other));
    expect(code).toBe('bad-data');
    expect(message).toContain('set/two.bin: expected SHA-256');
    expect((await files()).filter((name) => name.startsWith('two'))).toEqual([]);
  });
});

describe('datasetSources', () => {
  it('are complete', () => {
    for (const { mirrors, files: listed } of datasetSources) {
      expect(mirrors.every((mirror) => /^https?:\/\/.*\/$/.test(mirror))).toBe(true);
      for (const file of listed.flatMap((entry) => [entry, ...(entry.members ?? [])])) {
        expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(file.bytes).toBeGreaterThan(0);
      }
    }
  });
});
