import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from './storage-error.ts';

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it began: boot and clock ticks on Linux, an ISO time elsewhere. */
  started: string;
}

/** `ps` counts whole seconds, and Node's own start is noted a moment after the process began. */
const toleranceMs = 3000;

/** The identity of this process, to be stored with the run that it does. */
export function processIdentity(): ProcessIdentity {
  const started = linuxStart(process.pid) ?? new Date(performance.timeOrigin).toISOString();
  return { pid: process.pid, started };
}

/**
 * Whether the process that {@link processIdentity} once described still runs. Without `started`, or where the system
 * does not tell when a process began (Windows), a process of that number is taken to be it.
 */
export function isProcessAlive(pid: number, started: string | null): boolean {
  if (!exists(pid)) return false;
  if (started === null) return true;
  const ticks = linuxStart(pid);
  if (ticks !== undefined) return ticks === started;
  const found = process.platform === 'win32' ? undefined : startAccordingToPs(pid);
  return found === undefined || !(Math.abs(found - Date.parse(started)) > toleranceMs);
}

/**
 * Returns a text that names this process in the name of a file: its number, a hash of where numbers of processes count,
 * and one of when it began.
 */
export function processTag(): string {
  ownTag ??= `${process.pid}-${placeOfNumbers()}-${shortHash(linuxStart(process.pid) ?? '')}`;
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
  // Where the system does not tell when it began, a process of that number is taken to be it.
  const began = linuxStart(pid);
  return began === undefined || shortHash(began) === start ? 'running' : 'ended';
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

/** `<boot id>:<clock ticks from boot to start>`; undefined on other systems or where there is no such process. */
function linuxStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command, may hold spaces and parentheses; the 22nd is the start (proc(5)).
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return ticks === undefined ? undefined : `${boot}:${ticks}`;
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
