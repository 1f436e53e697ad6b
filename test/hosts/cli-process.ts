import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../main/hosts/cli/launch.mjs', import.meta.url));

/** How a call of the CLI ended. */
export interface Ended {
  /** Exit code; null where a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running CLI, the leader of a process group of its own, as a shell would start it. */
export interface RunningCli {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves once standard error holds a match; rejects where the process ends before. */
  says(pattern: RegExp): Promise<void>;
}

/**
 * Starts `cupbearer ARGS` in `cwd`, with `home` for its own files and nothing set for the data, perhaps as another
 * user, or with streams that go to open files rather than into what is returned.
 */
export function startCli(
  args: readonly string[],
  {
    cwd,
    home,
    uid,
    stdout: out = 'pipe',
    stderr: errors = 'pipe',
  }: { cwd: string; home: string; uid?: number; stdout?: number | 'pipe'; stderr?: number | 'pipe' },
): RunningCli {
  const { CUPBEARER_DATA: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd,
    env: { ...inherited, CUPBEARER_HOME: home },
    stdio: ['ignore', out, errors],
    ...(uid === undefined ? {} : { uid, gid: uid }),
    detached: process.platform !== 'win32',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => void (pattern.test(stderr) && resolve());
      child.stderr?.on('data', look);
      look();
      void ended.then(() => reject(new Error(`It ended without a word of ${String(pattern)}: ${stderr}`)));
    });
  return { child, ended, says };
}
