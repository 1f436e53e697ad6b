import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createForwarder, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from '@playwright/test';
import { writeSignInFile } from '../../main/hosts/web/sign-in-file.ts';
import { openSocket } from '../hosts/web-client.ts';
import { browserOptions } from './browser.ts';
import { expect, inElectron, test as base, webHost } from './test.ts';

base.skip(inElectron, 'The desktop program has a window of its own, and no links.');

/** A browser that knows nothing yet, and a program of somebody else on this machine. */
const test = base.extend<{ visitor: Page; neighbour: Neighbour }>({
  visitor: async ({ browser }: { browser: Browser }, use) => {
    const context = await browser.newContext();
    await use(await context.newPage());
    await context.close();
  },
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that one needs off this pattern.
  neighbour: async ({}, use) => {
    const requests: IncomingMessage[] = [];
    let html = '';
    const server: Server = createServer((request, response) => {
      requests.push(request);
      response.setHeader('content-type', 'text/html');
      response.end(html);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await use({ address: `http://127.0.0.1:${port}/`, requests, show: (text) => (html = text) });
    server.close();
  },
});

interface Neighbour {
  address: string;
  requests: IncomingMessage[];
  /** Sets what its page holds. */
  show: (html: string) => void;
}

const runsHeading = (page: Page) => page.getByRole('heading', { level: 1, name: 'Runs' });

test('a file leads to the program, signed in, and leaves no token in the address or the history', async ({
  visitor,
  program,
}) => {
  const link = await program.link();
  const file = writeSignInFile(link, join(program.home, 'sign-in'));
  await visitor.goto(pathToFileURL(file.path).href);
  await expect(runsHeading(visitor)).toBeVisible();
  await expect(visitor.getByRole('main')).toContainText(/No runs yet|runs?/);
  expect(new URL(visitor.url()).search).toBe('');
  expect(await visitor.evaluate('document.referrer')).not.toContain('token');
  const token = new URL(link).searchParams.get('token')!;
  await visitor.goBack().catch(() => null);
  expect(visitor.url()).not.toContain(token);
  file.remove();
  expect(existsSync(file.path)).toBe(false);
});

test('a link in a page from elsewhere leads to the program, signed in', async ({ visitor, program, neighbour }) => {
  neighbour.show(`<a href="${(await program.link()).replace('127.0.0.1', 'localhost')}">Cupbearer</a>`);
  await visitor.goto(neighbour.address);
  await visitor.getByRole('link').click();
  await expect(runsHeading(visitor)).toBeVisible();
});

test('a page that looks ahead does not use a link up', async ({ visitor, program, neighbour }) => {
  const link = await program.link();
  neighbour.show(`<link rel="prefetch" href="${link}">
    <script type="speculationrules">{"prefetch": [{"urls": ["${link}"], "eagerness": "immediate"}]}</script>`);
  const asked = visitor.waitForResponse((response) => response.url() === link);
  await visitor.goto(neighbour.address);
  expect((await asked).status()).toBe(401);
  await visitor.goto(link);
  await expect(runsHeading(visitor)).toBeVisible();
});

test('what a browser sends to other programs of the machine lets nobody in', async ({
  visitor,
  program,
  neighbour,
}) => {
  const { port } = webHost(program);
  await visitor.goto(await program.link());
  await expect(runsHeading(visitor)).toBeVisible();
  neighbour.show('<img src="/picture">');
  await visitor.goto(neighbour.address);
  await expect.poll(() => neighbour.requests.some(({ url }) => url === '/picture')).toBe(true);
  // Cookies know no ports: this is what a program of another user gets as soon as the browser visits it.
  const [cookie] = neighbour.requests.flatMap(({ headers }) => headers.cookie ?? []);
  expect(cookie).toContain(`cupbearer_${port}_`);
  const seen = JSON.stringify(neighbour.requests.map(({ headers, url }) => [headers, url]));
  const key = await signedInKey(visitor, port);
  expect(seen).not.toContain(key);
  const thief = openSocket(port, { cookie: cookie! });
  thief.on('error', () => undefined);
  const [, response] = (await once(thief, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(401);
});

test('a port that ssh forwards is signed in to by itself', async ({ visitor, program }) => {
  const { port } = webHost(program);
  const forwarder = createForwarder((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]] as const) from.on('error', () => to.destroy()).pipe(to); // prettier-ignore
  }).listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  const near = (forwarder.address() as AddressInfo).port;
  const link = await program.link();
  await visitor.goto(link.replace(`:${port}/`, `:${near}/`));
  await expect(runsHeading(visitor)).toBeVisible();
  await expect(visitor.getByText('Connection lost')).toBeHidden();
  // The cookie is here, too, the key is not.
  await visitor.goto(`http://127.0.0.1:${port}/`);
  await expect(visitor.getByRole('heading', { name: 'Not signed in' })).toBeVisible();
  await visitor.goto(`http://127.0.0.1:${near}/#/datasets`);
  await expect(visitor.getByRole('heading', { level: 1, name: 'Datasets' })).toBeVisible();
  forwarder.close();
});

test('a browser that has forgotten its key is told how to get in', async ({ visitor, program }) => {
  await visitor.goto(await program.link());
  await expect(runsHeading(visitor)).toBeVisible();
  await visitor.evaluate('localStorage.clear()');
  await visitor.reload();
  await expect(visitor.getByRole('heading', { name: 'Not signed in' })).toBeVisible();
  await visitor.goto(await program.link());
  await expect(runsHeading(visitor)).toBeVisible();
});

test('a browser that was closed is still signed in when it is opened again', async ({ program }) => {
  const { port } = webHost(program);
  const profile = mkdtempSync(join(tmpdir(), 'cupbearer-profile-'));
  const link = await program.link();
  for (const address of [link, `http://127.0.0.1:${port}/`]) {
    const browser = await chromium.launchPersistentContext(profile, browserOptions);
    const page = await browser.newPage();
    await page.goto(address);
    await expect(runsHeading(page)).toBeVisible();
    await expect(page.getByText('Connection lost')).toBeHidden();
    await browser.close();
  }
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** The key that the pages of the program have, which is no secret between them and this test. */
async function signedInKey(page: Page, port: number): Promise<string> {
  await page.goto(`http://127.0.0.1:${port}/`);
  return page.evaluate<string>(`localStorage.getItem('cupbearer:key')`);
}
