import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileCacheFolder } from '../storage/compile-cache.mjs';
import { hostVariable } from './host-watch.ts';
import { given } from '../../shared/given.ts';

/** How a process of ours ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of its error output. */
  errorOutput: string[];
  /** Why it could not be started at all. */
  cause?: Error;
}

/** A process of ours as the host sees it, however it was started. */
export interface ChildProcess<ToChild, FromChild> {
  /** Does nothing once the process has gone. */
  send(message: ToChild): void;
  onMessage(listener: (message: FromChild) => void): void;
  /** Called once, also where the process could not be started. */
  onEnd(listener: (end: ProcessEnd) => void): void;
  kill(): void;
}

/** What a process is started with. */
export interface LaunchOptions {
  /** Variables that it gets beside those of this one. */
  env?: Readonly<Record<string, string>>;
  /** Hears each line of its error output that is not empty. */
  onErrorLine?: (line: string) => void;
}

/** Starts the process whose entry is the file `entry`; Electron's host has one of its own. */
export type ProcessLauncher = <ToChild, FromChild>(
  entry: string,
  options?: LaunchOptions,
) => ChildProcess<ToChild, FromChild>;

/**
 * Switch of V8. Batches are short-lived arrays outside of the heap, which wait for a collection of young objects: with V8's
 * usual 16 MiB of these, up to 60 MB more of batches lie about. Node takes it as it is, Electron within `--js-flags`.
 */
export const smallNursery = '--max-semi-space-size=2';

/** For glibc, nothing elsewhere: threads share two pools of memory rather than to keep one each. */
const sharingMemory: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
};

/**
 * Returns the environment of a process of ours: this one's and `env`, with what tells it its host. A compile cache that
 * the environment names is left out, since anybody might be able to write to it.
 */
export function childEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
  return { ...sharingMemory, ...inherited, ...env, ...hostVariable() };
}

/** Lines of a process' error output that are kept to explain a crash. */
const keptLines = 20;

/** Hears a process' error output line by line, and keeps the last lines. */
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

/** A Node child process that ends with its host. */
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
