import type { RunRecord, RunStatus } from '../../../shared/domain/run.ts';
import type { RandomStream } from '../../../main/tensor/random.ts';
import { computeProcessesOf, processesOfGroup } from '../../compute-processes.ts';

/** A signal, and which processes of a program get it. */
export interface Kill {
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP';
  /** `group`: host and compute processes, as a terminal sends it. */
  target: 'host' | 'compute' | 'group';
  /** Whether it is sent a second time shortly after, as by somebody who is impatient. */
  twice: boolean;
}

/** Draws a signal and its target; half of the signals are SIGKILL. */
export function drawKill(random: RandomStream, target?: Kill['target']): Kill {
  const polite = (['SIGTERM', 'SIGINT', 'SIGHUP'] as const)[random.integer(3)]!;
  return {
    signal: random.uniform() < 0.5 ? 'SIGKILL' : polite,
    target: target ?? (['host', 'compute', 'group'] as const)[random.integer(3)]!,
    twice: random.uniform() < 0.2,
  };
}

/** Returns a few words for what is printed: "SIGTERM, twice, to the host". */
export function killWords({ signal, target, twice }: Kill): string {
  return `${signal}${twice ? ', twice,' : ''} to the ${target === 'compute' ? 'compute process' : target}`;
}

const secondAfterMs = 30;

/** Sends a signal to the program of process `host`. Returns whether the target was there: a host has no compute process at times. */
export function send({ signal, target, twice }: Kill, host: number): boolean {
  const pid = { host, group: -host, compute: target === 'compute' ? computeProcessesOf(host)[0] : undefined }[target];
  if (pid === undefined) return false;
  sendTo(pid, signal);
  if (twice) setTimeout(() => sendTo(pid, signal), secondAfterMs);
  return true;
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

/** Whether anything is left of a program whose host was process `host`. */
export function isGone(host: number): boolean {
  return processesOfGroup(host).length === 0;
}

/** Says what is wrong with how a run ended after a kill; undefined where that is the truth. */
export function untruth(kill: Kill, { status, error }: RunRecord): string | undefined {
  const expected = endsAfter(kill);
  if (!expected.includes(status)) return `is "${status}", expected ${expected.join(' or ')}`;
  if (status === 'failed' && error?.code !== 'crashed') return `failed with "${error?.code}: ${error?.message}"`;
  if (status === 'done' && error !== null) return 'is "done" and has an error';
  if (status !== 'done' && error === null) return `is "${status}" and has no error`;
  return undefined;
}

/** How a run may end that was going on or waiting. Any may have been done before the signal came. */
function endsAfter({ signal, target, twice }: Kill): RunStatus[] {
  const isPolite = signal === 'SIGTERM' || signal === 'SIGINT';
  // The compute process is ended, or ignores the signal: Ctrl-C in a terminal is for the host to act on.
  if (target === 'compute') return ['failed', 'done'];
  const mayEndAtOnce = !isPolite || twice;
  const ofHost: RunStatus[] = [
    ...(signal === 'SIGKILL' ? [] : (['cancelled'] as const)),
    ...(mayEndAtOnce ? (['interrupted'] as const) : []),
  ];
  // Of a group the compute process may go first, which the host then notices.
  return [...ofHost, ...(target === 'group' ? (['failed'] as const) : []), 'done'];
}
