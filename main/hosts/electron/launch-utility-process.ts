import { utilityProcess } from 'electron';
import {
  sharingMemory,
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
    serviceName: 'Cupbearer compute process',
    execArgv: [...smallNursery],
    env: { ...sharingMemory, ...process.env, ...env },
  });
  const errorOutput = child.stderr ? lastErrorLines(child.stderr, onErrorLine) : [];
  let hasEnded = false;
  child.once('exit', () => (hasEnded = true));
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
    onEnd: (listener) => child.once('exit', (code) => listener({ code, signal: null, errorOutput })),
    kill: () => {
      // Electron's own kill asks politely, which a process that computes without pause does not hear.
      if (!hasEnded && child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    },
  };
};
