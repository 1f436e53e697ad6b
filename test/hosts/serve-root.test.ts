import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOver, openSocket, signIn } from './web-client.ts';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));
let place: string;
const at = (...names: string[]) => join(place, ...names);

beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'cupbearer-serve-root-')));
  for (const name of ['home', 'flag', 'env', 'settings']) mkdirSync(at(name));
});
afterAll(() => rmSync(place, { recursive: true, force: true, maxRetries: 3 }));

interface Settings {
  args?: string[];
  env?: Record<string, string>;
  /** Runs it as another user. */
  uid?: number;
  /** Where its output goes. */
  file?: string;
  home?: string;
}

/** What `cupbearer serve` says until it is ready, after `visit` has used its link. */
async function serve(
  { args = [], env = {}, uid, file, home = at('home') }: Settings = {},
  visit?: (link: string) => Promise<void>,
): Promise<string> {
  const into = file === undefined ? ('pipe' as const) : openSync(file, 'a');
  const child = spawn(process.execPath, [launcher, 'serve', '--no-open', '--port', '0', ...args], {
    cwd: place,
    env: { ...process.env, CUPBEARER_HOME: home, ...env },
    stdio: ['ignore', into, into],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const ended = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const written = () => (file === undefined ? output : readFileSync(file, 'utf8'));
  try {
    await expect.poll(written, { timeout: 50_000 }).toMatch(/\(--root\)[\s\S]*\n$|Error/);
    const link = /http:\S+/.exec(written())?.[0];
    if (link !== undefined) await visit?.(link);
    return written();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

describe('the root of serve', () => {
  it('is your home, unless settings, environment or flag name another, which is said', async () => {
    expect(await serve()).toContain(`take up runs and create folders below ${realpathSync(homedir())} (--root)`);
    writeFileSync(at('home', 'settings.json'), JSON.stringify({ root: at('settings') }));
    expect(await serve()).toContain(`below ${at('settings')} (`);
    const env = { CUPBEARER_ROOT: at('env') };
    expect(await serve({ env })).toContain(`below ${at('env')} (`);
    expect(await serve({ env, args: ['--root', 'flag'] })).toContain(`below ${at('flag')} (`);
    rmSync(at('home', 'settings.json'));
  });

  it('bounds what a page of it reaches', async () => {
    await serve({ args: ['--root', at('flag')] }, async (link) => {
      const socket = openSocket(Number(new URL(link).port), { ...(await signIn(link)) });
      await once(socket, 'open');
      const client = clientOver(socket);
      await expect(client.app.change({ runsDir: at('env', 'runs') })).rejects.toThrow('may not reach');
      expect((await client.app.change({ runsDir: at('flag', 'runs') })).runsDir).toBe(at('flag', 'runs'));
      await client.app.resetSettings({});
      socket.terminate();
    });
  });

  it('must be there', async () => {
    expect(await serve({ args: ['--root', at('nowhere')] })).toContain(`There is no folder "${at('nowhere')}"`);
  });
});

describe.skipIf(process.getuid?.() !== 0)('who serves (needs root, to be one user and another)', () => {
  it('is told what it means to be root, and nothing of it otherwise', async () => {
    expect(await serve()).toContain('Warning: this runs as root');
    chmodSync(place, 0o755);
    mkdirSync(at('nobody'), { mode: 0o777 });
    chmodSync(at('nobody'), 0o777);
    const output = await serve({ uid: 65_534, home: at('nobody'), args: ['--root', at('nobody')] });
    expect(output).toContain('Cupbearer is at');
    expect(output).not.toContain('root, so');
  });
});

describe.skipIf(process.platform === 'win32')('a file that the link is written to', () => {
  it('is told of where other users can read it', async () => {
    for (const [name, mode, warns] of [
      ['open.log', 0o644, true],
      ['closed.log', 0o600, false],
    ] as const) {
      // prettier-ignore
      writeFileSync(at(name), '', { mode });
      chmodSync(at(name), mode);
      const output = await serve({ file: at(name) });
      expect(output.includes('other users may read the file')).toBe(warns);
    }
  });
});
