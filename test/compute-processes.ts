import { execFileSync } from 'node:child_process';

/** Whether the system tells which processes run (POSIX). */
export const canListProcesses = process.platform !== 'win32';
export const withoutProcessList = canListProcesses ? '' : ' (skipped: no ps on Windows)';

/** Numbers of the compute processes that a process has started and that still run. */
export function computeProcessesOf(parent: number): number[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === parent && match[3]!.includes('compute-process'))
    .map((match) => Number(match![1]));
}

/** Ends a process and all that it has started, whatever they are busy with. */
export function killTree(pid: number): void {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = text.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  for (const [child, parent] of pairs) if (parent === pid) killTree(child!);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
