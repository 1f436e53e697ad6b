import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from './storage-error.ts';

/** A process, distinguishable from a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it began: boot and clock ticks on Linux, an ISO time elsewhere. */
  started: string;
}

/** `ps` counts whole seconds, and Node's own start is noted a moment after the process began. */
const toleranceMs = 3000;

/** The identity of this process, to be stored with the run that it does. */
export function processIdentity(): ProcessIdentity {
  const started = linuxProcess(process.pid)?.started ?? new Date(performance.timeOrigin).toISOString();
  return { pid: process.pid, started };
}

/**
 * Returns whether the process that {@link processIdentity} once described still runs. Without `started`, or on a system
 * that does not report start times (Windows), any process with that number counts.
 */
export function isProcessAlive(pid: number, started: string | null): boolean {
  return isSameProcess(pid, started) ?? true;
}

/** Kills a process, unless it might be a later one with the same number. */
export function killProcess({ pid, started }: ProcessIdentity): void {
  if (isSameProcess(pid, started) !== true) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended, or belongs to another user; waiting for its end will show.
  }
}

/**
 * Whether the process is there and is the described one; undefined if there is one of its number and no more is known.
 */
function isSameProcess(pid: number, started: string | null): boolean | undefined {
  if (!exists(pid)) return false;
  const found = linuxProcess(pid);
  if (found !== undefined && hasEnded(found)) return false;
  if (started === null) return undefined;
  if (found !== undefined) return found.started === started;
  const time = process.platform === 'win32' ? undefined : startAccordingToPs(pid);
  const difference = Math.abs((time ?? NaN) - Date.parse(started));
  return Number.isNaN(difference) ? undefined : difference <= toleranceMs;
}

/** A process that has ended keeps its number until its parent collects it, which some containers never do. */
function hasEnded({ state }: LinuxProcess): boolean {
  return state === 'Z' || state === 'X';
}

/**
 * Returns a text that names this process in the name of a file: its number, a hash of where numbers of processes count,
 * and one of when it began.
 */
export function processTag(): string {
  ownTag ??= `${process.pid}-${placeOfNumbers()}-${shortHash(linuxProcess(process.pid)?.started ?? '')}`;
  return ownTag;
}

let ownTag: string | undefined;

/** What {@link processTag} looks like. */
export const processTagPattern = String.raw`\d+-[0-9a-f]{6}-[0-9a-f]{6}`;

/**
 * Whether the process that made a {@link processTag} is running or has ended; `unknown` if it ran on another machine or
 * in another container, whose processes cannot be seen from here.
 */
export function stateOfTagged(tag: string): 'running' | 'ended' | 'unknown' {
  const [number, place, start] = tag.split('-');
  const pid = Number(number);
  if (place !== placeOfNumbers()) return 'unknown';
  if (!exists(pid)) return 'ended';
  const found = linuxProcess(pid);
  if (found !== undefined && hasEnded(found)) return 'ended';
  // If the system does not report start times, any process with that number counts.
  return found === undefined || shortHash(found.started) === start ? 'running' : 'ended';
}

/** A container has numbers of its own for its processes, and a folder may be on a disk that machines share. */
function placeOfNumbers(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux, which alone has them.
  }
  return shortHash(`${hostname()} ${namespace}`);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

function exists(pid: number): boolean {
  // 0 and negative numbers would address groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** A process as Linux describes it. */
interface LinuxProcess {
  /** One letter: `R` for one that runs. */
  state: string;
  /** `<boot id>:<clock ticks from boot to start>` */
  started: string;
}

/** Returns undefined on other systems, or if there is no such process. */
function linuxProcess(pid: number): LinuxProcess | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command, may hold spaces and parentheses; the third is the state, the 22nd the start
    // (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return state === undefined || ticks === undefined ? undefined : { state, started: `${boot}:${ticks}` };
  } catch {
    return undefined;
  }
}

/** When a process began, in milliseconds since 1970, as `ps` of macOS, BSD and Linux says; undefined if it does not. */
export function startAccordingToPs(pid: number): number | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const time = Date.parse(text.trim());
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}
