import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stubDesktop } from './stub-desktop.ts';
import { signIn } from './web-client.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;

interface Served {
  child: ChildProcess;
  home: string;
  /** The link that it printed. */
  link: string;
  /** What its browser was asked to open. */
  opened: string[];
  output: () => string;
}

/** A place that other users may enter, so that what protects a file is the file's own. */
function openPlace(): string {
  const place = mkdtempSync(join(tmpdir(), 'cupbearer-serve-'));
  chmodSync(place, 0o755);
  onTestFinished(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));
  return place;
}

/** `cupbearer serve` on a stub desktop, once its browser was opened. */
async function serve(place: string, { browser = 'stub.desktop', user = place, opens = true } = {}): Promise<Served> {
  const desktop = stubDesktop(place, browser);
  const home = join(place, 'home');
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [launcher, 'serve', '--port', '0'], {
    cwd: place,
    env: { ...process.env, ...desktop.env, CUPBEARER_HOME: home, HOME: user },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    desktop.end();
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const opened = opens ? await desktop.opened() : [];
  while (!/Open the link|open the link/.test(output)) await once(child.stderr, 'data');
  const link = /http:\S+\?token=\S+/.exec(output)![0];
  return { child, home, link, opened, output: () => output };
}

/**
 * Reads what every user may of all processes, and the files that their arguments name, until its input ends. It tells what
 * has to do with `place` or a token.
 */
const spy = (place: string) => `
  const { readdirSync, readFileSync } = require('node:fs');
  const seen = new Set();
  const read = (path) => { try { return readFileSync(path, 'utf8') } catch (error) { return '' } };
  const look = () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\\d+$/.test(pid) || +pid === process.pid) continue;
      for (const name of ['cmdline', 'environ']) {
        const text = read('/proc/' + pid + '/' + name);
        seen.add(text);
        for (const word of text.split('\\0')) if (word.endsWith('.html')) seen.add(read(word.replace('file://', '')));
      }
    }
  };
  process.stdout.write('watching');
  const timer = setInterval(look, 5);
  process.stdin.on('end', () => { clearInterval(timer); look(); process.stdout.write([...seen].filter((text) => /token/.test(text) || text.includes('${place}')).join('\\n')); }).resume();
`;

describe.skipIf(process.platform !== 'linux')('the browser that serve opens', () => {
  it.skipIf(!isRoot)('gets its token past other users of the machine (needs root, to be another user)', async () => {
    const place = openPlace();
    const other = spawn(process.execPath, ['-e', spy(place)], {
      uid: 65_534,
      gid: 65_534,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let seen = '';
    other.stdout.setEncoding('utf8').on('data', (text) => (seen += text));
    await once(other.stdout, 'data');
    const { link, opened } = await serve(place);
    other.stdin.end();
    await once(other, 'close');
    // It did look: what was opened is there to be seen.
    expect(seen).toContain(opened[0]);
    expect(seen).not.toContain(new URL(link).searchParams.get('token'));
  });

  it('opens a file for its owner alone, which leads to the link and goes once it was used', async () => {
    const { home, link, opened, output } = await serve(openPlace());
    expect(opened).toHaveLength(1);
    const [file] = opened as [string];
    expect(dirname(file)).toBe(join(home, 'sign-in'));
    expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(readFileSync(file, 'utf8')).toContain(`<meta http-equiv="refresh" content="0; url=${link}">`);
    expect(output()).toContain('open the link above in it');
    await signIn(link);
    expect(existsSync(file)).toBe(false);
  });

  it('leaves no file behind when it ends, and removes that of one that was killed', async () => {
    const place = openPlace();
    const killed = await serve(place);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'close');
    expect(existsSync(killed.opened[0]!)).toBe(true);

    const { child, home, opened } = await serve(place);
    expect(readdirSync(join(home, 'sign-in'))).toEqual([basename(opened[0]!)]);
    const ended = once(child, 'close');
    child.kill('SIGINT');
    await Promise.race([once(child.stderr!, 'data'), ended]);
    child.kill('SIGINT');
    await ended;
    expect(readdirSync(join(home, 'sign-in'))).toEqual([]);
  });

  it('gets a file in a folder of its own if it is a snap, which reads no hidden folders', async () => {
    const place = openPlace();
    const user = join(place, 'user');
    mkdirSync(join(user, 'snap', 'firefox', 'common'), { recursive: true });
    const { opened, link } = await serve(place, { browser: 'firefox_firefox.desktop', user });
    expect(dirname(opened[0]!)).toBe(join(user, 'snap', 'firefox', 'common', 'cupbearer-sign-in'));
    await signIn(link);
    expect(existsSync(opened[0]!)).toBe(false);
  });

  it('is not opened through a folder that is a link or somebody else’s; the link is printed all the same', async () => {
    const place = openPlace();
    mkdirSync(join(place, 'home'));
    mkdirSync(join(place, 'elsewhere'));
    symlinkSync(join(place, 'elsewhere'), join(place, 'home', 'sign-in'));
    const { output, link } = await serve(place, { opens: false });
    expect(output()).toContain('is not a folder of your own');
    expect(readdirSync(join(place, 'elsewhere'))).toEqual([]);
    await signIn(link);
  });
});
