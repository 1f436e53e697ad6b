import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { computeProcessesOf } from '../compute-processes.ts';
import { clientOver, openSocket, signIn, type Client } from '../hosts/web-client.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A running program with a home of its own, as a user would start it. */
export interface Program {
  /** The folder with its catalogue, settings, data and runs. */
  home: string;
  /** Its process. */
  child: ChildProcess;
  /** A fresh link that lets one browser in. */
  link: () => Promise<string>;
  /** The calls of the contract, for what a test needs to be there. */
  client: Client;
  /** All that it wrote to the terminal. */
  output: () => string;
  /** Numbers of its compute processes. */
  computeProcesses: () => Promise<number[]>;
  /** Ends it as Ctrl-C does. */
  stop: () => Promise<void>;
}

/** A program that browsers reach at an address. */
export interface WebProgram extends Program {
  port: number;
}

/** A home for one program; goes with `remove`. */
export function temporaryHome(): { home: string; remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), 'cupbearer-e2e-'));
  return { home, remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Starts `cupbearer serve` on a port, any that is free unless told otherwise, with more in its environment, and waits until it
 * answers. With `ownGroup` it leads a process group, which a signal can then be sent to. `sources` is the folder of the program,
 * `flags` are more of what `serve` takes.
 */
export async function startProgram(
  home: string,
  wantedPort = 0,
  env: Readonly<Record<string, string>> = {},
  { ownGroup = false, sources = root, flags = [] }: { ownGroup?: boolean; sources?: string; flags?: string[] } = {},
): Promise<WebProgram> {
  const launcher = join(sources, 'main', 'hosts', 'cli', 'launch.mjs');
  const { CUPBEARER_DATA: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [launcher, 'serve', '--no-open', '--port', String(wantedPort), ...flags], {
    cwd: home,
    env: { ...inherited, CUPBEARER_HOME: home, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: ownGroup && process.platform !== 'win32',
  });
  let output = '';
  const links: string[] = [];
  let wake = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      links.push(...(text.match(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/g) ?? []));
      wake();
    });
  }
  child.once('close', () => wake());
  const nextLink = async () => {
    while (links.length === 0) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The program ended:\n${output}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return links.shift()!;
  };
  const first = await nextLink();
  const port = Number(new URL(first).port);
  const socket = openSocket(port, { ...(await signIn(first)) });
  await once(socket, 'open');
  return {
    home,
    child,
    port,
    link: () => {
      child.stdin.write('\n');
      return nextLink();
    },
    client: clientOver(socket),
    output: () => output,
    computeProcesses: () => Promise.resolve(computeProcessesOf(child.pid!)),
    stop: async () => {
      socket.terminate();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Waits until none of these runs is waiting or running, and gives how they ended. */
export async function runsEnded(client: Client, ids: readonly string[]): Promise<string[]> {
  for (;;) {
    const found = await Promise.all(ids.map((id) => client.runs.get({ id })));
    const statuses = found.map(({ record }) => record.status);
    if (statuses.every((status) => status !== 'queued' && status !== 'running')) return statuses;
    await setTimeout(500);
  }
}

/** Waits until nothing of an experiment goes on. Resolves with how many of its runs are done. */
export async function experimentEnded(client: Client, id: string): Promise<number> {
  for (;;) {
    const { summary } = await client.experiments.view({ id });
    if (summary.state === 'idle') return summary.counts.done;
    await setTimeout(500);
  }
}
