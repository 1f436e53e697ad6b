import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileCacheFolder } from '../storage/compile-cache.mjs';
import { hostVariable } from './host-watch.ts';
import { given } from '../../shared/given.ts';

/** How one of the program's processes ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of its error output. */
  errorOutput: string[];
  /** Why it could not be started at all. */
  cause?: Error;
}

/** One of the program's processes as the host sees it, however it was started. */
export interface ChildProcess<ToChild, FromChild> {
  /** Sends a message; does nothing if the process has ended. */
  send(message: ToChild): void;
  onMessage(listener: (message: FromChild) => void): void;
  /** The listener is called once, even if the process could not be started. */
  onEnd(listener: (end: ProcessEnd) => void): void;
  kill(): void;
}

/** What a process is started with. */
export interface LaunchOptions {
  /** Variables added to those of this process. */
  env?: Readonly<Record<string, string>>;
  /** Called with each line of its error output that is not empty. */
  onErrorLine?: (line: string) => void;
}

/** Starts the process whose entry point is the file `entry`. Electron's host has its own launcher. */
export type ProcessLauncher = <ToChild, FromChild>(
  entry: string,
  options?: LaunchOptions,
) => ChildProcess<ToChild, FromChild>;

/**
 * Switch of V8. Batches are short-lived arrays outside of the heap, which wait for a collection of young objects: with
 * V8's usual 16 MiB of these, up to 60 MB more of batches pile up. Node takes the switch as it is, Electron within
 * `--js-flags`.
 */
export const smallNursery = '--max-semi-space-size=2';

/** Makes threads share two memory pools instead of one each. For glibc; has no effect elsewhere. */
const sharingMemory: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
};

/**
 * Returns the environment for a process: this one's and `env`, and who its host is. Leaves out a compile cache named in
 * the environment, because others might be able to write to it.
 */
export function childEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
  return { ...sharingMemory, ...inherited, ...env, ...hostVariable() };
}

/** Lines of a process's error output kept to explain a crash. */
const keptLines = 20;

/** Reads a process's error output line by line. Returns an array with the last lines, which is kept up to date. */
export function lastErrorLines(output: NodeJS.ReadableStream, onErrorLine?: (line: string) => void): string[] {
  const lines: string[] = [];
  createInterface({ input: output }).on('line', (line) => {
    if (line.trim() === '') return;
    lines.push(line);
    lines.splice(0, lines.length - keptLines);
    onErrorLine?.(line);
  });
  return lines;
}

/** Starts a Node child process that ends with its host. */
export const forkProcess: ProcessLauncher = <ToChild, FromChild>(
  entry: string,
  { env, onErrorLine }: LaunchOptions = {},
): ChildProcess<ToChild, FromChild> => {
  const cache = compileCacheFolder();
  const child = fork(entry, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    execArgv: [...process.execArgv, smallNursery],
    env: { ...childEnvironment(env), ...given({ NODE_COMPILE_CACHE: cache }) },
  });
  const errorOutput = lastErrorLines(child.stderr!, onErrorLine);
  return {
    send: (message) => {
      if (child.connected) child.send(message as object);
    },
    onMessage: (listener) => child.on('message', (message) => listener(message as FromChild)),
    onEnd: (listener) => {
      let ended = false;
      const end = (how: ProcessEnd) => {
        if (ended) return;
        ended = true;
        listener(how);
      };
      child.on('error', (cause) => end({ code: null, signal: null, errorOutput, cause }));
      child.on('close', (code, signal) => end({ code, signal, errorOutput }));
    },
    kill: () => child.kill('SIGKILL'),
  };
};
