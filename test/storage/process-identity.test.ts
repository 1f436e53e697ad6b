import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cataloguePath, cupbearerHome } from '../../main/storage/home.ts';
import { isProcessAlive, processIdentity, startAccordingToPs } from '../../main/storage/process-identity.ts';

const hasPs = process.platform !== 'win32' && spawnSync('ps', ['-p', '1']).error === undefined;

describe('process identity', () => {
  it('knows this process', () => {
    const { pid, started } = processIdentity();
    expect(pid).toBe(process.pid);
    expect(isProcessAlive(pid, started)).toBe(true);
    expect(isProcessAlive(pid, null)).toBe(true);
    expect(processIdentity()).toEqual({ pid, started });
  });

  it('is not fooled by a process of the same number', () => {
    const { pid, started } = processIdentity();
    const earlier = process.platform === 'linux' ? started.replace(/\d+$/, '1') : '2001-01-01T00:00:00.000Z';
    expect(isProcessAlive(pid, earlier)).toBe(process.platform === 'win32');
  });

  it('notices that a process has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const pid = child.pid!;
    expect(isProcessAlive(pid, null)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isProcessAlive(pid, null)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    `knows one that has ended and was never collected${process.platform === 'linux' ? '' : ' (skipped: needs /proc)'}`,
    async () => {
      // Its parent becomes a program that collects nobody, and only then does it end.
      const parent = spawn('sh', ['-c', 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 60'], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const pid = Number(String(((await once(parent.stdout, 'data')) as [Buffer])[0]));
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
      expect(isProcessAlive(pid, null)).toBe(true);
      parent.stdin.end();
      await expect.poll(() => isProcessAlive(pid, null)).toBe(false);
      expect(process.kill(pid, 0)).toBe(true);
      parent.kill('SIGKILL');
    },
  );

  it.each([0, -1, 1.5, NaN, 2 ** 40])('never takes %d for a process', (pid) => {
    expect(isProcessAlive(pid, null)).toBe(false);
  });

  it.skipIf(!hasPs)(`reads a start time from ps${hasPs ? '' : ' (skipped: no ps here)'}`, () => {
    expect(Math.abs(startAccordingToPs(process.pid)! - performance.timeOrigin)).toBeLessThan(3000);
    expect(startAccordingToPs(2 ** 30)).toBeUndefined();
  });
});

describe('the home folder', () => {
  const home = join('/', 'home', 'ada');

  it('is where CUPBEARER_HOME says', () => {
    const env = { CUPBEARER_HOME: join('/', 'elsewhere') };
    expect(cupbearerHome({ platform: 'linux', env, home })).toBe(env.CUPBEARER_HOME);
  });

  it('is the place of the platform for application data', () => {
    const of = (platform: NodeJS.Platform, env = {}) => cupbearerHome({ platform, env, home });
    expect(of('linux')).toBe(join(home, '.local', 'share', 'cupbearer'));
    expect(of('linux', { XDG_DATA_HOME: join('/', 'xdg') })).toBe(join('/', 'xdg', 'cupbearer'));
    expect(of('darwin')).toBe(join(home, 'Library', 'Application Support', 'Cupbearer'));
    expect(of('win32')).toBe(join(home, 'AppData', 'Local', 'Cupbearer'));
    expect(of('win32', { LOCALAPPDATA: join('/', 'local') })).toBe(join('/', 'local', 'Cupbearer'));
    expect(cataloguePath(home)).toBe(join(home, 'catalogue.sqlite'));
  });
});
