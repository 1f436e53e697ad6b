import { once } from 'node:events';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, sep } from 'node:path';
import { WebSocket } from 'ws';
import { Access, isLoopbackHost, isOwnOrigin } from '../../../../main/hosts/web/access.ts';
import { serveApplication } from '../../../../main/hosts/web/serve.ts';
import type { WebHost } from '../../../../main/hosts/web/web-host.ts';
import { findRendererFile } from '../../../../main/hosts/renderer-files.ts';
import { openSocket, signIn } from '../../../hosts/web-client.ts';
import { bytesOf, textOf, type Parser } from '../parser.ts';
import { emptyScratch, scratch } from '../scratch.ts';

/** Pages as small as they can be, with a link that leads out of their folder. */
function pages(): string {
  const folder = emptyScratch('pages');
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>The page</title>');
  writeFileSync(join(folder, 'assets', 'a-1.js'), 'export {};');
  writeFileSync(join(scratch(), 'secret.html'), 'secret');
  symlinkSync(join(scratch(), 'secret.html'), join(folder, 'link.html'));
  return folder;
}

const rendererFiles: Parser = {
  name: 'renderer-files',
  seeds: () => {
    pages();
    return ['/', '/index.html', '/assets/a-1.js', '/link.html', '/%61ssets/a-1.js', '/../secret.html'].map(bytesOf);
  },
  parse: (input) => findRendererFile(scratch('pages'), textOf(input)),
  wrong: (value) => {
    const file = value as ReturnType<typeof findRendererFile>;
    const isInside = !file || realpathSync(file.path).startsWith(realpathSync(scratch('pages')) + sep);
    return isInside ? undefined : `"${file.path}" lies outside.`;
  },
  takesAll: true,
  dictionary: [
    '/',
    '../',
    '..%2f',
    '%2e%2e/',
    '\\',
    '%5c',
    '%00',
    '.html',
    '.js',
    'link.html',
    'secret.html',
    '/assets/',
    'a'.repeat(300),
  ],
};

const access = new Access(4848, 'machine');

/** What a request says of itself: host, origin and cookies, a line each. */
const requestHeaders: Parser = {
  name: 'request-headers',
  seeds: () => [bytesOf('127.0.0.1:4848\nhttp://127.0.0.1:4848\na=b; c=d'), bytesOf('[::1]:1\nhttp://[::1]:1\n=; ;')],
  parse: (input) => {
    const [host = '', origin = '', cookies = ''] = textOf(input).split('\n');
    return [isLoopbackHost(host), isOwnOrigin(origin, host), access.isAllowed(cookies)];
  },
  wrong: (value) => ((value as boolean[])[2] ? 'Somebody without the secret was let in.' : undefined),
  takesAll: true,
  dictionary: ['localhost', '127.0.0.1', '[::1]', ':', '@', '.', 'http://', 'null', '='],
};

/** A web host with the real application, started by the first input. */
class Served {
  #host: Promise<WebHost> | undefined;

  get host(): Promise<WebHost> {
    this.#host ??= serveApplication({ port: 0, folder: pages() });
    return this.#host;
  }

  async close(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    await (await host)?.close('The fuzzer is done.');
  }
}

const visited = new Served();

/** All that comes over a connection which is no WebSocket: any answer will do that is no failure of the program. */
const webRequests: Parser = {
  name: 'web-requests',
  seeds: () =>
    [
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b\r\n\r\n',
      'HEAD /?token=abc HTTP/1.1\r\nHost: localhost:1\r\n\r\n',
      'GET /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      'POST /%2e%2e/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil\r\nContent-Length: 3\r\n\r\nabc',
    ].map(bytesOf),
  parse: async (input) => {
    const socket = connect({ host: '127.0.0.1', port: (await visited.host).port });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    // A host may close a connection in the middle of what it is sent.
    socket.on('error', () => undefined);
    socket.end(input);
    await new Promise((resolve) => socket.on('close', resolve));
    return answer;
  },
  wrong: (answer) => (/^HTTP\/1\.1 5/m.test(answer as string) ? (answer as string).slice(0, 500) : undefined),
  close: () => visited.close(),
  takesAll: true,
  dictionary: [
    '\r\n',
    '\r\n\r\n',
    'Host: ',
    'Origin: ',
    'Cookie: ',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Upgrade: ',
    '/rpc',
    '?token=',
  ],
  shortRun: 250,
};

const called = new Served();
let socket: WebSocket | undefined;

/** A connection that is signed in; another one where an input has had the last one closed. */
async function connection(): Promise<WebSocket> {
  if (socket?.readyState === WebSocket.OPEN) return socket;
  const host = await called.host;
  socket = openSocket(host.port, { ...(await signIn(host.link())) });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

const callOf = (id: string, path: string, input: unknown) =>
  JSON.stringify({ i: id, p: { u: `/${path}`, b: { json: input } } });

/** Resolves once a connection has answered a ping: it takes what comes in its order. Resolves too if it is closed. */
function answered(open: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      open.off('pong', end).off('close', end);
      resolve();
    };
    open.on('pong', end).on('close', end);
    open.ping();
  });
}

/** Calls of the contract as they come over a WebSocket; those that start work or write outside of the home are left out. */
const rpcMessages: Parser = {
  name: 'rpc-messages',
  seeds: () =>
    [
      callOf('1', 'app/settings', {}),
      callOf('2', 'runs/get', { id: 'a' }),
      callOf('3', 'runs/change', { ids: ['a'], notes: 'words', addTags: ['b'] }),
      callOf('4', 'drafts/check', { draft: { preset: '', classifier: { source: 'run', run: 'a' }, task: { name: 'ood' }, detectors: [], evaluation: {}, engine: 'auto', tags: [] } }),
      JSON.stringify({ i: '2', t: 4 }),
    ].map(bytesOf), // prettier-ignore
  parse: async (input) => {
    const open = await connection();
    open.send(input, { binary: input.length % 2 === 0 });
    await answered(open);
  },
  close: async () => {
    socket?.terminate();
    await called.close();
  },
  takesAll: true,
  isJson: true,
  dictionary: ['"json"', '"meta"', '"maps"', 'runs/get', '__proto__', 'multipart/form-data', 'text/event-stream'],
  shortRun: 250,
};

/** Parsers of what the web host is sent. */
export const hostParsers: readonly Parser[] = [rendererFiles, requestHeaders, webRequests, rpcMessages];
