import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { StandardRPCHandler } from '@orpc/server/standard';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { createApplication, type RunningApplication } from '../../main/api/create-application.ts';
import { createRouter } from '../../main/api/router.ts';
import { SettingsStore } from '../../main/api/settings.ts';
import { rpcHandlerOptions } from '../../main/hosts/rpc-handler.ts';
import { startWebHost, type WebHost, type WebHostOptions } from '../../main/hosts/web/web-host.ts';
import { forkProcess } from '../../main/jobs/child-process.ts';
import { clientOver, openSocket, signIn } from './web-client.ts';

const maxMessageBytes = 100_000;

let place: string;
let application: RunningApplication;
let host: WebHost;
let cookie: string;
let key: string;

function start(options: Partial<WebHostOptions> = {}): Promise<WebHost> {
  const handler = new StandardRPCHandler(createRouter(application), rpcHandlerOptions);
  return startWebHost({ handler, folder: join(place, 'renderer'), port: 0, maxMessageBytes, ...options });
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'cupbearer-web-'));
  mkdirSync(join(place, 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(place, 'renderer', 'index.html'), '<!doctype html><title>The page</title>');
  writeFileSync(join(place, 'renderer', 'assets', 'a-1.js'), 'export {};');
  writeFileSync(join(place, 'secret.html'), 'secret');
  symlinkSync(join(place, 'secret.html'), join(place, 'renderer', 'link.html'));
  mkdirSync(join(place, 'renderer', 'folder.js'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(place, 'renderer', 'fifo.js')]);
  application = createApplication({
    host: { kind: 'web', launch: forkProcess },
    catalogueFile: join(place, 'catalogue.sqlite'),
    settings: new SettingsStore(join(place, 'settings.json')),
  });
  host = await start();
  ({ cookie, key } = await signIn(host.link()));
});

afterAll(async () => {
  await host.close('The tests are over.');
  await application.close();
  rmSync(place, { recursive: true, force: true });
});

/** A request whose path and headers are sent exactly as given, which `fetch` would mend. */
function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: host.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on('error', reject).end();
  });
}

/** A request for an address that no client library would send. */
async function rawGet(path: string): Promise<{ status: number; text: string }> {
  const socket = connect(host.port, '127.0.0.1');
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`;
  socket.write(Buffer.from(head, 'latin1'));
  let answer = '';
  for await (const part of socket.setEncoding('latin1') as AsyncIterable<string>) answer += part;
  const [top = '', ...rest] = answer.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(top)![1]), text: rest.join('\r\n\r\n') };
}

/** Status that an upgrade is refused with. */
async function refused(headers: Record<string, string>): Promise<number> {
  const socket = openSocket(host.port, headers);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  return response.statusCode;
}

async function connected(): Promise<WebSocket> {
  const socket = openSocket(host.port, { cookie, key, origin: `http://127.0.0.1:${host.port}` });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

describe('signing in', () => {
  it('exchanges a link once for a cookie that no script reads and no other site sends', async () => {
    const path = new URL(host.link()).search;
    const first = await get(`/${path}`);
    expect(first.status).toBe(200);
    expect(first.headers['set-cookie']![0]).toMatch(
      new RegExp(`^cupbearer_${host.port}_[0-9a-f]{8}=[\\w-]{43}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict$`),
    );
    expect(first.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    const second = await get(`/${path}`);
    expect(second.status).toBe(401);
    expect(second.text).toContain('used before');
    expect(second.text).toContain('cupbearer serve');
    expect(new URL(host.link()).search).not.toBe(path);
  });

  it('is told of, once for each link', async () => {
    const other = await start();
    onTestFinished(() => other.close('The test is over.'));
    let signedIn = 0;
    other.onSignIn(() => signedIn++);
    const link = other.link();
    await signIn(link);
    await fetch(link);
    expect(signedIn).toBe(1);
  });

  it.each([
    ['HEAD', {}, 401],
    ['OPTIONS', {}, 405],
    ['POST', {}, 405],
    ['GET', { 'sec-purpose': 'prefetch' }, 401],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }, 401],
    ['GET', { purpose: 'prefetch' }, 401],
    ['GET', { 'x-moz': 'prefetch' }, 401],
    ['GET', { 'x-purpose': 'preview' }, 401],
  ])('is not what a %s with %o does: the link still works', async (method, headers, expected) => {
    const { search } = new URL(host.link());
    const { status, headers: answered } = await get(`/${search}`, headers, method);
    expect([status, answered['set-cookie']]).toEqual([expected, undefined]);
    expect(new URL(host.link()).search).toBe(search);
    expect((await get(`/${search}`)).headers['set-cookie']).toHaveLength(1);
  });

  it('sends those on who are in already, whatever the token', async () => {
    const { status, headers, text } = await get('/?token=old', { cookie });
    expect([status, headers['set-cookie']]).toEqual([200, undefined]);
    expect(text).toContain('<script src="/sign-in.js"></script>');
    expect(text).not.toContain(key);
  });

  it.each(['', '/?token=', '/?token=wrong'])(
    'tells whoever asks for "%s" without a cookie what to do',
    async (path) => {
      const { status, text, headers } = await get(path || '/');
      expect(status).toBe(401);
      expect(text).toContain('Open the link that "cupbearer serve" printed');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    },
  );

  it('refuses a cookie that is not its own', async () => {
    const [name] = cookie.split('=');
    expect((await get('/', { cookie: `${name}=${'A'.repeat(43)}` })).status).toBe(401);
    expect((await get('/', { cookie: `other=${cookie.split('=')[1]}` })).status).toBe(401);
    expect((await get('/', { cookie: `a=b; ${cookie}; c=d` })).status).toBe(200);
  });
});

describe('what the owner alone may do', () => {
  const owner = () => ({ authorization: `Bearer ${host.ownerSecret}` });

  it('is answered to who shows the secret, by name of this machine', async () => {
    const { status, headers, text } = await get('/owner/link', owner(), 'POST');
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/json', 'no-store']);
    expect(JSON.parse(text)).toEqual({ link: host.link() });
  });

  it.each([
    ['no secret', {}, 'POST'],
    ['a wrong one', { authorization: `Bearer ${'A'.repeat(43)}` }, 'POST'],
    ['an empty one', { authorization: 'Bearer ' }, 'POST'],
    ['the secret from a page', { origin: 'http://127.0.0.1' }, 'POST'],
    ['the secret under a foreign name', { host: 'evil.example' }, 'POST'],
    ['the secret, but only to look', {}, 'GET'],
  ])('is refused to %s', async (what, headers, method) => {
    const given: Record<string, string> = { ...(what.startsWith('the secret') ? owner() : {}), ...headers };
    for (const path of ['/owner/link', '/owner/sign-out']) {
      const { status, text } = await get(path, { ...given, cookie }, method);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('token=');
    }
    // Nobody was signed out.
    expect((await get('/', { cookie })).status).toBe(200);
  });
});

describe('pages', () => {
  it('come with their types and a policy that lets nothing in from elsewhere', async () => {
    const page = await get('/', { cookie });
    expect(page.text).toContain('The page');
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    const policy = page.headers['content-security-policy'] as string;
    expect(policy).toMatch(/script-src 'self';/);
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).toContain("frame-ancestors 'none'");
    const script = await get('/assets/a-1.js', { cookie });
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['cache-control']).toContain('immutable');
  });

  it.each([
    '/../secret.html',
    '/assets/../../secret.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/%2e%2e%2fsecret.html',
    '/..%5csecret.html',
    '//etc/passwd',
    '/link.html',
    '/secret.html%00.html',
    '/%zz',
    '/assets/',
    '/nowhere.js',
  ])('has nothing at %s', async (path) => {
    const { status, text } = await get(path, { cookie });
    expect(status).toBe(404);
    expect(text).not.toContain('secret');
  });

  it('are not found at any address that a client can make up, and nothing but pages is', async () => {
    const parts = fc.constantFrom(
      ...[
        '..',
        '.',
        '',
        'assets',
        'index.html',
        'a-1.js',
        'link.html',
        'secret.html',
        'fifo.js',
        'folder.js',
        '~',
        '*',
      ],
      ...[
        '%2e%2e',
        '%2f',
        '%5c',
        '\\\\',
        '%00',
        '%',
        '%zz',
        '%E0%A4%A',
        '%c0%ae',
        ':',
        'C:',
        '::$DATA',
        '..;',
        '%u002e',
      ],
      ...['con.js', 'nul.txt', 'aux', 'com1.html', 'index.html.', 'INDEX.HTML', 'index.html%20', '?', '#', '@', ' '],
      ...['x'.repeat(255), 'x'.repeat(256), `${'x'.repeat(5000)}.html`, 'é', '\u0001', '\u00ff', '\ufeff'],
    );
    const addresses = fc.array(parts, { minLength: 1, maxLength: 8 }).map((names) => `/${names.join('/')}`);
    const joined = fc.array(parts, { minLength: 1, maxLength: 4 }).map((names) => names.join(''));
    await fc.assert(
      fc.asyncProperty(fc.oneof(addresses, joined), async (path) => {
        const { status, text } = await rawGet(path);
        expect(status).toBeLessThan(500);
        expect(text).not.toContain('secret');
        if (status === 200) expect(text).toMatch(/The page|^export \{\};$/);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a name over the limit', `/${'x'.repeat(300)}.html`],
    ['a path over the limit', `/${'x/'.repeat(5000)}x.html`],
    ['what is no file', '/folder.js'],
    ['a pipe', '/fifo.js'],
  ])('are not found under %s', async (_, path) => {
    expect((await get(path, { cookie })).status).toBe(404);
  });

  it('are read, nothing else', async () => {
    expect((await get('/', { cookie }, 'POST')).status).toBe(405);
    expect((await get('/', { cookie }, 'HEAD')).text).toBe('');
  });

  it('answer to no name that a foreign site could have made its own', async () => {
    for (const name of ['evil.example', 'evil.example:4848', '127.0.0.1.evil.example', '127.0.0.1@evil.example']) {
      expect((await get('/', { cookie, host: name })).status).toBe(403);
    }
    for (const name of ['localhost:9000', '127.0.0.1', '[::1]:80']) {
      expect((await get('/', { cookie, host: name })).status).toBe(200);
    }
  });

  it('do not use up a token under a foreign name', async () => {
    const { search } = new URL(host.link());
    expect((await get(`/${search}`, { host: 'evil.example' })).status).toBe(403);
    expect(new URL(host.link()).search).toBe(search);
  });
});

describe('connections', () => {
  const own = () => `http://127.0.0.1:${host.port}`;

  it('are refused without the cookie and the key, from another origin, under another name', async () => {
    expect(await refused({ origin: own() })).toBe(401);
    expect(await refused({ key, origin: own() })).toBe(401);
    expect(await refused({ cookie, origin: own() })).toBe(401);
    expect(await refused({ cookie, key: 'A'.repeat(43), origin: own() })).toBe(401);
    expect(await refused({ cookie, key, origin: 'http://evil.example' })).toBe(403);
    expect(await refused({ cookie, key, origin: `http://127.0.0.1:${host.port + 1}` })).toBe(403);
    expect(await refused({ cookie, key, origin: 'null' })).toBe(403);
    expect(await refused({ cookie, key, host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
  });

  it('answer calls, and errors with what a person is shown', async () => {
    const client = clientOver(await connected());
    expect((await client.app.info({})).host).toBe('web');
    const error = await client.app.openFolder({ what: 'home' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'FAILED', data: { code: 'usage' } });
  });

  it('refuse what does not fit the contract before any of it is done', async () => {
    const client = clientOver(await connected());
    const error = await client.app.change({ parallelJobs: 1000 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'BAD_REQUEST' });
    expect(application.settings.current().parallelJobs).toBe(1);
  });

  it('say that a call is unknown, and go on', async () => {
    const socket = await connected();
    const client = clientOver(socket);
    const unknown = client as unknown as { runs: { explode(input: object): Promise<void> } };
    const error = await unknown.runs.explode({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'There is no call "runs.explode".' });
    expect((await client.app.settings({})).theme).toBe('system');
  });

  it.each([
    ['text that is no JSON', '{'],
    ['JSON that is no message', '{"a":1}'],
    ['an address that is none', '{"i":"1","p":{"u":"no address"}}'],
    ['null', 'null'],
    ['bytes', Buffer.from([1, 2, 255, 3])],
  ])('are closed with a reason after %s; others go on', async (_, message) => {
    const [bad, good] = [await connected(), await connected()];
    bad.send(message);
    expect(await closing(bad)).toEqual({ code: 1007, reason: 'The message is none that this program understands.' });
    expect((await clientOver(good).app.settings({})).theme).toBe('system');
  });

  it('are closed after a message that is too large; others go on', async () => {
    const [bad, good] = [await connected(), await connected()];
    bad.send('x'.repeat(maxMessageBytes + 1));
    expect((await closing(bad)).code).toBe(1009);
    expect((await clientOver(good).app.settings({})).theme).toBe('system');
  });
});

describe('clients that only hold on', () => {
  it('are cut off when the head of their request does not come', async () => {
    const other = await start({ headMs: 200 });
    onTestFinished(() => other.close('The test is over.'));
    for (const beginning of ['', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ']) {
      const socket = connect(other.port, '127.0.0.1').resume();
      socket.on('error', () => undefined);
      socket.write(beginning);
      await once(socket, 'close');
    }
    // Who asks is answered meanwhile.
    expect((await fetch(`http://127.0.0.1:${other.port}/`)).status).toBe(401);
  });

  it('are not more than a number, so that descriptors are left for the runs', async () => {
    const other = await start({ maxConnections: 3 });
    onTestFinished(() => other.close('The test is over.'));
    const held = Array.from({ length: 3 }, () => connect(other.port, '127.0.0.1'));
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const further = connect(other.port, '127.0.0.1').resume();
    further.on('error', () => undefined);
    await once(further, 'close');
    for (const socket of held) socket.destroy();
    await expect
      .poll(() =>
        fetch(other.link()).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('do not keep out who is signed in, however many there are and however often they come back', async () => {
    const other = await start();
    onTestFinished(() => other.close('The test is over.'));
    const session = await signIn(other.link());
    const held = new Set<Socket>();
    let [opened, isOver] = [0, false];
    const hold = () => {
      if (isOver) return;
      const socket = connect(other.port, '127.0.0.1').resume();
      held.add(socket);
      socket.on('error', () => undefined);
      socket.on('connect', () => {
        opened++;
        // Every second one has asked for something, and been refused, before it holds on.
        const refused = opened % 2 === 0 ? 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n' : '';
        socket.write(`${refused}GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: `);
      });
      socket.on('close', () => {
        held.delete(socket);
        setImmediate(hold);
      });
    };
    onTestFinished(() => {
      isOver = true;
      for (const socket of held) socket.destroy();
    });
    const page = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { cookie: session.cookie };
        request({ host: '127.0.0.1', port: other.port, agent: false, headers }, (response) =>
          response.resume().on('end', () => resolve(response.statusCode)),
        )
          .on('error', reject)
          .end();
      });

    for (let k = 0; k < 400; k++) hold();
    await expect.poll(() => opened).toBeGreaterThan(400);
    const socket = openSocket(other.port, { ...session });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    const client = clientOver(socket);
    for (let k = 0; k < 8; k++) {
      const before = opened;
      await expect.poll(() => opened).toBeGreaterThan(before + 128);
      expect(await page()).toBe(200);
      // The connection that has shown the session is still there.
      expect((await client.app.settings({})).theme).toBe('system');
    }
    expect((await fetch(other.link())).status).toBe(200);
  });

  it('get an error for a head that is too large', async () => {
    expect((await rawGet(`/${'x'.repeat(20_000)}`)).status).toBe(431);
    expect((await get('/', { cookie })).status).toBe(200);
  });
});

describe('limits of a connection', () => {
  /** A call as the client encodes it, with this text as its input. */
  const callWith = (id: string, input: string) => `{"i":"${id}","p":{"u":"/drafts/check","b":{"json":${input}}}}`;
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  it('refuse an input that is nested too deep, before any of it is built', async () => {
    const [bad, good] = [await connected(), await connected()];
    bad.send(callWith('1', nested(20_000)));
    expect(await closing(bad)).toMatchObject({ code: 1007 });
    expect((await clientOver(good).app.settings({})).theme).toBe('system');
  });

  it('refuse the same beside a file, and as part of an address', async () => {
    const socket = await connected();
    const form = new FormData();
    form.set('data', JSON.stringify({ json: JSON.parse(nested(200)) as unknown, meta: [], maps: [['0']] }));
    form.set('0', new Blob(['x']));
    const response = new Response(form);
    const body = await response.blob();
    const head = { i: '1', p: { u: '/uploads/put', h: { 'content-type': response.headers.get('content-type') } } };
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    socket.send(Buffer.concat([Buffer.from(JSON.stringify(head)), Buffer.from([255]), Buffer.from(await body.arrayBuffer())])); // prettier-ignore
    const data = encodeURIComponent(JSON.stringify({ json: JSON.parse(nested(200)) as unknown }));
    socket.send(JSON.stringify({ i: '2', p: { u: `/app/settings?data=${data}`, m: 'GET' } }));
    await expect.poll(() => answers.length).toBe(2);
    const messageOf = (id: string) => answers.find((answer) => answer.includes(`"i":"${id}"`));
    expect(messageOf('1')).toContain('nested at most 100 levels deep');
    expect(messageOf('2')).toContain('Calls are made by POST.');
  });

  it('close a connection with more calls at once than any window has; others go on', async () => {
    const [bad, good] = [await connected(), await connected()];
    const closed = closing(bad);
    for (let k = 0; k < 300; k++) bad.send(`{"i":"${k}","p":{"u":"/runs/watch","b":{"json":{}}}}`);
    expect(await closed).toEqual({ code: 1008, reason: 'Too many calls at once.' });
    expect((await clientOver(good).app.settings({})).theme).toBe('system');
  });

  it('close a connection that sends a stream to a call', async () => {
    const socket = await connected();
    socket.send('{"i":"1","t":3,"p":{"e":"message","d":{}}}');
    expect(await closing(socket)).toMatchObject({ code: 1007 });
  });

  it('refuse connections beyond what windows need', async () => {
    const other = await start();
    onTestFinished(() => other.close('The test is over.'));
    const session = await signIn(other.link());
    const open = () => openSocket(other.port, { ...session });
    for (let k = 0; k < 64; k++) await once(open(), 'open');
    const socket = open();
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(503);
  });
});

describe('uploads', () => {
  const file = (bytes: number) => new File([new Uint8Array(bytes).fill(7)], 'large.bin');

  it('go in parts that fit into messages, whatever the size of a file', async () => {
    const client = clientOver(await connected());
    const { id } = await client.uploads.begin({});
    // Of a message here 100,000 bytes are read at most.
    const put = (start: number, bytes: number) =>
      client.uploads.put({ id, pieces: [{ path: 'a/large.bin', start, bytes }], content: file(bytes) });
    for (let start = 0; start < 400_000; start += 50_000) await put(start, 50_000);
    await expect(put(10, 5)).rejects.toMatchObject({ data: { code: 'usage' } });
    await client.uploads.drop({ id });
    await expect(put(400_000, 5)).rejects.toMatchObject({ data: { code: 'not-found' } });
  });
});

describe('ports', () => {
  it('takes the next one where one is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const second = await start({ port });
    onTestFinished(async () => {
      taken.close();
      await second.close('The test is over.');
    });
    expect(second.port).toBeGreaterThan(port);
    await signIn(second.link());
  });
});

describe('ending', () => {
  it('tells its connections why, and frees the port', async () => {
    const other = await start();
    const socket = openSocket(other.port, { ...(await signIn(other.link())) });
    await once(socket, 'open');
    const closed = closing(socket);
    await other.close('The program was ended.');
    expect(await closed).toEqual({ code: 1001, reason: 'The program was ended.' });
    await expect(fetch(other.link())).rejects.toThrow();
  });
});
