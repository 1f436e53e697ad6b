import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../storage/fixtures.ts';
import { startCli, type Ended } from './cli-process.ts';
import { openSocket, signIn } from './web-client.ts';

const isRoot = process.getuid?.() === 0;
const isWindows = process.platform === 'win32';

/** A home in a folder that others may enter, so that what protects its files is their own. */
function newHome(): string {
  const place = temporaryFolder();
  chmodSync(place, 0o755);
  const home = join(place, 'home');
  mkdirSync(home, { mode: 0o700 });
  return home;
}

/** `cupbearer ARGS` to its end. */
function run(home: string, args: string[], uid?: number): Promise<Ended> {
  return startCli(args, { cwd: temporaryFolder(), home, ...(uid === undefined ? {} : { uid }) }).ended;
}

interface Server {
  pid: number;
  port: number;
  /** Ends it by a signal. */
  end: (signal: NodeJS.Signals) => Promise<void>;
}

/** `cupbearer serve`, once it answers. */
async function serve(home: string, ...args: string[]): Promise<Server> {
  const cli = startCli(['serve', '--no-open', ...(args.includes('--port') ? [] : ['--port', '0']), ...args], {
    cwd: temporaryFolder(),
    home,
  });
  const end = async (signal: NodeJS.Signals) => {
    cli.child.kill(signal);
    await cli.ended;
  };
  onTestFinished(() => end('SIGKILL'));
  await cli.says(/\(--root\)/);
  const record = JSON.parse(readFileSync(join(home, 'servers', `${cli.child.pid}.json`), 'utf8')) as { port: number };
  return { pid: cli.child.pid!, port: record.port, end };
}

async function linkOf(home: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(home, ['serve', 'link', ...args]);
  expect(stderr).toBe('');
  return stdout.trim();
}

/** Status of a page for a browser. */
function statusFor(port: number, cookie: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false, headers: { cookie } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on('error', reject)
      .end();
  });
}

describe('serve link', () => {
  it('prints a link to the server that runs, another one once it was used', async () => {
    const home = newHome();
    const { port } = await serve(home);
    const first = await linkOf(home);
    expect(first).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\?token=[\\w-]{43}$`));
    const { cookie } = await signIn(first);
    expect(await statusFor(port, cookie)).toBe(200);
    await expect(signIn(first)).rejects.toThrow('401');
    const { stdout } = await run(home, ['serve', 'link', '--json']);
    const second = JSON.parse(stdout) as { url: string; port: number };
    expect(second.port).toBe(port);
    expect(second.url).not.toBe(first);
    await signIn(second.url);
  }, 60_000);

  it('asks which one is meant if several run', async () => {
    const home = newHome();
    const [one, other] = [await serve(home), await serve(home)];
    const ports = [one.port, other.port].sort((a, b) => a - b);
    const { code, stderr } = await run(home, ['serve', 'link']);
    expect([code, stderr]).toEqual([
      2,
      `Error: Expected one server, found 2: on the ports ${ports.join(', ')}.\nSay which one: --port ${ports[0]}.\n`,
    ]);
    expect(await linkOf(home, '--port', String(other.port))).toContain(`:${other.port}/?token=`);
    const wrong = await run(home, ['serve', 'link', '--port', '1']);
    expect(wrong.stderr).toContain(`No server of yours is on port 1; found on ${ports.join(', ')}.`);
    // One that has ended is none.
    await one.end('SIGTERM');
    expect(await linkOf(home)).toContain(`:${other.port}/?token=`);
  }, 60_000);

  it('says that there is none, or that it has ended', async () => {
    const home = newHome();
    const none = await run(home, ['serve', 'link']);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain('No server of yours runs.\nStart one: npx cupbearer serve.');
    const { pid, port, end } = await serve(home);
    await end('SIGKILL');
    const dead = await run(home, ['serve', 'link']);
    expect([dead.code, dead.stdout]).toEqual([1, '']);
    expect(dead.stderr).toContain(`The server on port ${port} (process ${pid}) has ended.`);
    expect(readdirSync(join(home, 'servers'))).toEqual([]);
  }, 60_000);

  it.skipIf(isWindows)(
    'says that one does not answer',
    async () => {
      const home = newHome();
      const { pid, port } = await serve(home);
      process.kill(pid, 'SIGSTOP');
      onTestFinished(() => void process.kill(pid, 'SIGCONT'));
      const { code, stderr } = await run(home, ['serve', 'link']);
      expect(code).toBe(1);
      expect(stderr).toContain(`The server on port ${port} (process ${pid}) does not answer: it takes too long.`);
    },
    60_000,
  );

  it('refuses words and flags that it does not know', async () => {
    const home = newHome();
    expect((await run(home, ['serve', 'lnik'])).stderr).toContain('Did you mean "link"?');
    expect((await run(home, ['serve', 'link', '--remember'])).stderr).toContain(
      '"serve link" takes no --remember, only --port.',
    );
  }, 60_000);

  it.skipIf(isWindows)(
    'reads a record that its owner alone could read, and no other',
    async () => {
      const home = newHome();
      const { pid } = await serve(home);
      const folder = join(home, 'servers');
      const file = join(folder, `${pid}.json`);
      expect([statSync(folder).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
      chmodSync(file, 0o644);
      const { code, stderr } = await run(home, ['serve', 'link']);
      expect(code).toBe(1);
      expect(stderr).toContain(`"${file}" is open to other users; expected it to be yours alone.`);
    },
    60_000,
  );

  it.skipIf(!isRoot)(
    'prints nothing to another user, root or not (needs root, to be another user)',
    async () => {
      const home = newHome();
      const { pid } = await serve(home);
      const stranger = await run(home, ['serve', 'link'], 65_534);
      expect([stranger.code, stranger.stdout]).toEqual([1, '']);
      expect(stranger.stderr).toContain('belongs to another user; expected it to be yours alone.');
      for (const path of ['servers', join('servers', `${pid}.json`)]) chownSync(join(home, path), 65_534, 65_534);
      const root = await run(home, ['serve', 'link']);
      expect([root.code, root.stdout]).toEqual([1, '']);
      expect(root.stderr).toContain('belongs to another user (number 65534, you are 0)');
    },
    60_000,
  );
});

describe('serve sign-out', () => {
  it('signs all browsers out and closes their connections; an unused link is void', async () => {
    const home = newHome();
    const { port } = await serve(home);
    const session = await signIn(await linkOf(home));
    const unused = await linkOf(home);
    const socket = openSocket(port, { ...session });
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    const { stdout } = await run(home, ['serve', 'sign-out']);
    expect(stdout).toBe('One browser was signed out.\n');
    const [code, reason] = await closed;
    expect([code, reason.toString()]).toEqual([1001, 'Signed out.']);
    expect(await statusFor(port, session.cookie)).toBe(401);
    await expect(signIn(unused)).rejects.toThrow('401');
    await signIn(await linkOf(home));
  }, 60_000);
});

describe('a server that is started again on its port', () => {
  /** Signs in to a server that ends then. */
  async function signedIn(home: string, ...args: string[]) {
    const server = await serve(home, ...args);
    const session = await signIn(await linkOf(home));
    await server.end('SIGINT');
    return { port: server.port, ...session };
  }

  it('knows nobody, unless it was told to remember', async () => {
    const home = newHome();
    const { port, cookie } = await signedIn(home);
    expect(existsSync(join(home, 'web-sessions', `${port}.json`))).toBe(false);
    await serve(home, '--remember', '--port', String(port));
    expect(await statusFor(port, cookie)).toBe(401);
  }, 60_000);

  it('knows those who were there if it remembers, until they are signed out', async () => {
    const home = newHome();
    const { port, cookie, key } = await signedIn(home, '--remember');
    const file = join(home, 'web-sessions', `${port}.json`);
    if (!isWindows)
      expect([statSync(join(file, '..')).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
    const kept = readFileSync(file, 'utf8');
    for (const secret of [cookie.split('=')[1]!, key]) expect(kept).not.toContain(secret);

    const second = await serve(home, '--remember', '--port', String(port));
    expect(second.port).toBe(port);
    const socket = openSocket(port, { cookie, key });
    await once(socket, 'open');
    socket.terminate();
    await second.end('SIGINT');
    // Also while no server runs.
    expect((await run(home, ['serve', 'sign-out'])).code).toBe(0);
    const third = await serve(home, '--remember', '--port', String(port));
    expect(await statusFor(port, cookie)).toBe(401);
    await third.end('SIGINT');
  }, 60_000);

  it('forgets them for good once it was started without', async () => {
    const home = newHome();
    const { port, cookie } = await signedIn(home, '--remember');
    const without = await serve(home, '--port', String(port));
    await without.end('SIGINT');
    await serve(home, '--remember', '--port', String(port));
    expect(await statusFor(port, cookie)).toBe(401);
  }, 60_000);
});
