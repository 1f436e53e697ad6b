import { constants } from 'node:os';
import { basename, extname } from 'node:path';
import { utilityProcess } from 'electron';
import {
  childEnvironment,
  lastErrorLines,
  smallNursery,
  type ChildProcess,
  type LaunchOptions,
  type ProcessLauncher,
} from '../../jobs/child-process.ts';
import type { UtilityMessage } from '../../jobs/host-port.ts';

/** Electron's kind of child process: without Node's own switches, of its own sandbox, and ended with the program. */
export const launchUtilityProcess: ProcessLauncher = <ToChild, FromChild>(
  entry: string,
  { env, onErrorLine }: LaunchOptions = {},
): ChildProcess<ToChild, FromChild> => {
  const child = utilityProcess.fork(entry, [], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // What task managers show, and reports of crashes: "Cupbearer compute process".
    serviceName: `Cupbearer ${basename(entry, extname(entry)).replaceAll('-', ' ')}`,
    execArgv: [...smallNursery],
    env: childEnvironment(env),
  });
  const errorOutput = child.stderr ? lastErrorLines(child.stderr, onErrorLine) : [];
  let hasEnded = false;
  let isKilled = false;
  // Electron's own kill asks politely, which a process that computes without pause does not hear.
  const killNow = () => {
    if (!hasEnded && child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
  };
  child.once('exit', () => (hasEnded = true));
  child.once('spawn', () => {
    if (isKilled) killNow();
  });
  return {
    send: (message) => {
      if (!hasEnded) child.postMessage(message);
    },
    onMessage: (listener) =>
      child.on('message', ({ message, isLast }: UtilityMessage<FromChild>) => {
        listener(message);
        // It waits for this: a process that ends itself takes messages with it that were not sent yet.
        if (isLast) child.kill();
      }),
    onEnd: (listener) => child.once('exit', (code) => listener({ ...endByCode(code, process.platform), errorOutput })),
    kill: () => {
      isKilled = true;
      killNow();
    },
  };
};

/** Signals by which a process that computes is ended, by the system or by an error of its own. */
const endingSignals = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;

/**
 * Electron gives the code that `waitpid` gave it, which on POSIX holds the signal in its lower seven bits, and above them
 * whether memory was written to a file. Windows knows no signals.
 */
export function endByCode(
  code: number,
  platform: NodeJS.Platform,
): { code: number; signal: null } | { code: null; signal: NodeJS.Signals } {
  const signal = endingSignals.find((name) => constants.signals[name] === (code & 0x7f));
  const isOfSignal = platform !== 'win32' && (code & ~0xff) === 0 && signal !== undefined;
  return isOfSignal ? { code: null, signal } : { code, signal: null };
}
