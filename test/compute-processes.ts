import { execFileSync } from 'node:child_process';

/** Whether the system tells which processes run (POSIX). */
export const canListProcesses = process.platform !== 'win32';
export const withoutProcessList = canListProcesses ? '' : ' (skipped: no ps on Windows)';

/** A process as `ps` shows it. */
interface ListedProcess {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

/** Lists the processes that run. One that has ended and that its parent has not asked about yet is left out. */
function listProcesses(): ListedProcess[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,args='], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[4]!.startsWith('Z'))
    .map((match) => {
      const [pid, parent, group] = match!.slice(1, 4).map(Number) as [number, number, number];
      return { pid, parent, group, command: match![5]! };
    });
}

/** Numbers of the compute processes that a process has started and that still run. */
export function computeProcessesOf(parent: number): number[] {
  return listProcesses()
    .filter((found) => found.parent === parent && found.command.includes('compute-process'))
    .map(({ pid }) => pid);
}

/** Numbers of all processes that a process has started and that still run. */
export function childrenOf(parent: number): number[] {
  return listProcesses()
    .filter((found) => found.parent === parent)
    .map(({ pid }) => pid);
}

/** Numbers of the processes of a group: its leader and all that it has started, also after the leader has gone. */
export function processesOfGroup(group: number): number[] {
  return listProcesses()
    .filter((found) => found.group === group)
    .map(({ pid }) => pid);
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
