import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isProcessAlive } from '../../main/storage/process-identity.ts';
import { temporaryFolder } from '../storage/fixtures.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Starts a host with a process that computes for ever in one step, and returns the number of that process. */
async function startBusy(entry: string) {
  const host = spawn(process.execPath, [file('./doomed-host.ts'), file(entry)], {
    env: { ...process.env, CUPBEARER_HOME: temporaryFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  host.stderr.on('data', (text) => (errors += String(text)));
  const [line] = (await Promise.race([
    once(host.stdout, 'data'),
    once(host, 'close').then(() => Promise.reject(new Error(`The host ended: ${errors}`))),
  ])) as [Buffer];
  const busy = Number(String(line));
  onTestFinished(() => {
    host.kill('SIGKILL');
    if (isProcessAlive(busy, null)) process.kill(busy, 'SIGKILL');
  });
  return { host, busy };
}

describe('a process of ours in the middle of one long step', () => {
  it.each([
    ['as Node.js forks it', './busy-process.ts'],
    ['as Electron starts it', './busy-utility-process.ts'],
  ])('ends when its host is killed, %s', async (_, entry) => {
    const { host, busy } = await startBusy(entry);
    expect(isProcessAlive(busy, null)).toBe(true);
    host.kill('SIGKILL');
    await once(host, 'close');
    await expect.poll(() => isProcessAlive(busy, null), { timeout: 20_000 }).toBe(false);
  });

  it('goes on as long as its host does', async () => {
    const { busy } = await startBusy('./busy-process.ts');
    // Several looks of the thread that watches.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(isProcessAlive(busy, null)).toBe(true);
  });
});
