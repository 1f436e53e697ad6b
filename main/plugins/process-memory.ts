import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * Returns the memory that a process takes for itself alone, bytes: on Linux without files that it maps, on other systems with
 * them. Undefined once it has ended, and on Windows.
 */
export async function memoryOf(pid: number): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  return process.platform === 'linux' ? anonymousMemory(pid) : residentMemory(pid);
}

async function anonymousMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function residentMemory(pid: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, output) => {
      const kilobytes = Number(output.trim());
      resolve(error || !(kilobytes > 0) ? undefined : kilobytes * 1024);
    });
  });
}
