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
import { howItEnded } from '../../jobs/deadly-engines.ts';
import type { UtilityMessage } from '../../jobs/host-port.ts';

/** What the names of all our utility processes begin with. */
const ownName = 'Cupbearer ';

/** Returns whether a process that has gone is one that {@link utilityLauncher} has started, and so speaks of. */
export function isOwnProcess({ name }: { name?: string | undefined }): boolean {
  return name?.startsWith(ownName) ?? false;
}

/**
 * Returns a launcher of Electron's kind of child processes: without Node's own switches, of their own sandbox, and
 * ended with the program. `log` is called for those that end unexpectedly.
 */
export function utilityLauncher(log: (line: string) => void): ProcessLauncher {
  return (entry, options) => launchUtilityProcess(entry, options, log);
}

function launchUtilityProcess<ToChild, FromChild>(
  entry: string,
  { env, onErrorLine }: LaunchOptions = {},
  log: (line: string) => void,
): ChildProcess<ToChild, FromChild> {
  // What task managers show, and reports of crashes: "Cupbearer compute process".
  const serviceName = `${ownName}${basename(entry, extname(entry)).replaceAll('-', ' ')}`;
  const child = utilityProcess.fork(entry, [], {
    stdio: ['ignore', 'ignore', 'pipe'],
    serviceName,
    // Chromium starts this process, which reads no switches of Node or V8 but these.
    execArgv: [`--js-flags=${smallNursery}`],
    env: childEnvironment(env),
  });
  const errorOutput = child.stderr ? lastErrorLines(child.stderr, onErrorLine) : [];
  let hasEnded = false;
  let isKilled = false;
  let isFinished = false;
  // Electron's own kill asks politely, which a process that computes without pause does not hear.
  const killNow = () => {
    if (hasEnded || child.pid === undefined) return;
    try {
      process.kill(child.pid, 'SIGKILL');
    } catch {
      // It has just ended, of which the event has yet to come.
    }
  };
  child.once('exit', (code) => {
    hasEnded = true;
    if (!isKilled && !isFinished) log(`${serviceName} ${howItEnded(endByCode(code, process.platform))}.`);
  });
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
        if (!isLast) return;
        isFinished = true;
        // It waits for this: a process that ends itself takes messages with it that were not sent yet.
        child.kill();
      }),
    onEnd: (listener) => child.once('exit', (code) => listener({ ...endByCode(code, process.platform), errorOutput })),
    kill: () => {
      isKilled = true;
      killNow();
    },
  };
}

/** Signals by which a process that computes is ended, by the system or by an error of its own. */
const endingSignals = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;

/**
 * Electron gives the code that `waitpid` gave it, which on POSIX holds the signal in its lower seven bits, and above
 * them whether memory was written to a file. Windows knows no signals.
 */
export function endByCode(
  code: number,
  platform: NodeJS.Platform,
): { code: number; signal: null } | { code: null; signal: NodeJS.Signals } {
  const signal = endingSignals.find((name) => constants.signals[name] === (code & 0x7f));
  const isOfSignal = platform !== 'win32' && (code & ~0xff) === 0 && signal !== undefined;
  return isOfSignal ? { code: null, signal } : { code, signal: null };
}
