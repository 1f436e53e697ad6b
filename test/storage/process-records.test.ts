import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isProcessAlive, processIdentity, type ProcessIdentity } from '../../main/storage/process-identity.ts';
import { endLeftOvers, isAtWork } from '../../main/storage/process-records.ts';
import { firstOutputOf, startChild } from './child.ts';
import { temporaryFolder } from './fixtures.ts';

const isPosix = process.platform !== 'win32';
const onPosix = isPosix ? '' : ' (skipped: Windows does not tell processes of one number apart)';

/** A host that has ended. */
const gone: ProcessIdentity = { pid: 2 ** 22 + 1, started: 'long ago' };

let home: string;
beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv('CUPBEARER_HOME', home);
  onTestFinished(() => void vi.unstubAllEnvs());
});

const records = () => (existsSync(join(home, 'processes')) ? readdirSync(join(home, 'processes')) : []);

/** A process that records itself as one of `host`, and then hears nothing. */
async function recorded(host: ProcessIdentity): Promise<{ child: ChildProcess; pid: number }> {
  const script = `
    import { recordProcess } from 'STORAGE/process-records.ts';
    recordProcess(JSON.parse(process.argv[1]));
    process.stdout.write('recorded');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const child = startChild(script, [JSON.stringify(host)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await firstOutputOf(child);
  return { child, pid: child.pid! };
}

it.skipIf(!isPosix)(`the folder of records is this user's alone, whatever the mask${onPosix}`, async () => {
  const mask = process.umask(0);
  try {
    await recorded(processIdentity());
  } finally {
    process.umask(mask);
  }
  expect(statSync(join(home, 'processes')).mode & 0o777).toBe(0o700);
});

/** Puts a record of a process into the folder of records. */
function write(pid: number, content: string): void {
  mkdirSync(join(home, 'processes'), { recursive: true });
  writeFileSync(join(home, 'processes', `${pid}.json`), content);
}

describe('a process on record', () => {
  it.skipIf(!isPosix)(`is ended where its host has gone without it${onPosix}`, async () => {
    const { child, pid } = await recorded(gone);
    expect(isAtWork(gone.pid, gone.started)).toBe(true);
    const closed = once(child, 'close');
    expect(endLeftOvers()).toBe(true);
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(isProcessAlive(pid, null)).toBe(false);
    expect(isAtWork(gone.pid, gone.started)).toBe(false);
    expect(records()).toEqual([]);
  });

  it('is left alone while its host runs', async () => {
    const { pid } = await recorded(processIdentity());
    expect(endLeftOvers()).toBe(true);
    expect(isProcessAlive(pid, null)).toBe(true);
    expect(records()).toEqual([`${pid}.json`]);
  });

  it('is not a later one of the same number', async () => {
    const { pid } = await recorded(processIdentity());
    write(pid, JSON.stringify({ started: '2001-01-01T00:00:00.000Z', host: gone }));
    expect(endLeftOvers()).toBe(isPosix);
    expect(isProcessAlive(pid, null)).toBe(true);
    expect(records()).toEqual(isPosix ? [] : [`${pid}.json`]);
  });

  it('counts as work of its host alone', async () => {
    await recorded(processIdentity());
    expect(isAtWork(gone.pid, gone.started)).toBe(false);
    expect(isAtWork(process.pid, processIdentity().started)).toBe(true);
  });

  it('is not known by a record that cannot be read, which goes once nobody may be writing it', async () => {
    const { child, pid } = await recorded(gone);
    for (const content of ['', '{', '[]', '{"started": 5}', '{"started": "", "host": {"pid": -1, "started": ""}}']) {
      write(pid, content);
      expect(endLeftOvers()).toBe(true);
      expect(records()).toEqual([`${pid}.json`]);
    }
    expect(isProcessAlive(pid, null)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(endLeftOvers()).toBe(true);
    expect(records()).toEqual([]);
  });
});

describe('records', () => {
  it('are of numbers; whatever else lies there is passed over', () => {
    write(1, '{');
    writeFileSync(join(home, 'processes', '-1.json'), '{}');
    writeFileSync(join(home, 'processes', 'notes.txt'), '');
    expect(endLeftOvers()).toBe(true);
    expect(records()).toContain('notes.txt');
  });

  it('may be missing', () => {
    expect(endLeftOvers()).toBe(true);
    expect(isAtWork(gone.pid, gone.started)).toBe(false);
  });
});
