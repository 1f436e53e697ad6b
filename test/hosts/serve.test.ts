import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../storage/fixtures.ts';
import { signIn } from './web-client.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));
const links = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/g;

/** How long the program may take to end before it counts as hanging. */
const hangsAfterMs = 20_000;

interface Served {
  child: ChildProcess;
  /** All links that it has printed. */
  links: () => string[];
  /** Resolves with its exit code; rejects where it hangs. */
  ended: () => Promise<number>;
}

/** A program in place of the desktop's, which writes down that it was called, and then stays as browsers do. */
function stubDesktop(): { env: Record<string, string>; wasCalled: () => boolean } {
  const folder = temporaryFolder();
  const called = join(folder, 'called');
  const script = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return join(folder, name);
  };
  const browser = script('browser', `echo "$1" > '${called}'\nwhile [ -e '${called}' ]; do sleep 0.1; done`);
  script('xdg-open', `exec '${browser}' "$1"`);
  // A package brings an xdg-open of its own, which takes the browser of this variable if no desktop knows one.
  for (const name of ['xdg-mime', 'xdg-settings', 'run-mailcap', 'mimeopen', 'gio']) script(name, 'exit 1');
  const env = {
    PATH: [folder, process.env['PATH'] ?? ''].join(delimiter),
    DISPLAY: ':99',
    BROWSER: browser,
    XDG_CURRENT_DESKTOP: 'X-Generic',
    DESKTOP_SESSION: '',
  };
  return { env, wasCalled: () => existsSync(called) && readFileSync(called, 'utf8') !== '' };
}

/** `cupbearer serve`, once it has printed a link. */
async function serve(env: Readonly<Record<string, string>>): Promise<Served> {
  const home = join(temporaryFolder(), 'home');
  mkdirSync(home);
  const child = spawn(process.execPath, [launcher, 'serve', '--port', '0'], {
    cwd: home,
    env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', ...env, CUPBEARER_HOME: home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number]>;
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const served = {
    child,
    links: () => output.match(links) ?? [],
    ended: async () => {
      const hangs = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error(`It hangs:\n${output}`)), hangsAfterMs).unref(),
      );
      return (await Promise.race([closed, hangs]))[0];
    },
  };
  await expect.poll(() => served.links().length, { timeout: 50_000 }).toBe(1);
  return served;
}

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? '' : ' (skipped: the stub is of a Linux desktop)';

describe.skipIf(!isLinux)(`serve with a display${onLinux}`, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends by %s while the browser that it opened stays', async (signal) => {
    const desktop = stubDesktop();
    const served = await serve(desktop.env);
    await expect.poll(desktop.wasCalled, { timeout: hangsAfterMs }).toBe(true);
    served.child.kill(signal);
    expect(await served.ended()).toBe(0);
  });

  it('prints a link at each Enter, and each lets one browser in', async () => {
    const served = await serve(stubDesktop().env);
    served.child.stdin!.write('\n');
    await expect.poll(() => served.links().length, { timeout: hangsAfterMs }).toBe(2);
    await signIn(served.links()[1]!);
    served.child.stdin!.write('\n');
    await expect.poll(() => served.links().length, { timeout: hangsAfterMs }).toBe(3);
    const [, second, third] = served.links();
    expect(third).not.toBe(second);
    await signIn(third!);
    served.child.kill('SIGINT');
    expect(await served.ended()).toBe(0);
  });
});

describe.skipIf(!isLinux)(`serve without a display${onLinux}`, () => {
  it('ends by SIGINT, also where nothing can be typed', async () => {
    const served = await serve({});
    served.child.stdin!.end();
    served.child.kill('SIGINT');
    expect(await served.ended()).toBe(0);
  });
});
