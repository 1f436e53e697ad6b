import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../../../shared/format.ts';
import type { Served, ServedReading, ServedWord } from '../../hosts/served-process.ts';
import { clientOver, openSocket, signIn, type Client } from '../../hosts/web-client.ts';

/** A web host whose event loop and memory are measured while it is asked for something. */
interface MeasuredHost {
  /** Does something, and meanwhile calls for the settings again and again; prints how long the loop was held up. */
  measure(what: string, work: (client: Client) => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** The longest that the event loop may be held up, and what it should stay below, milliseconds. */
const limitMs = 200;
const targetMs = 50;

/** Starts a web host whose own folder is `home` and whose pages may reach all of `place`. */
export async function startMeasuredHost(place: string, home: string): Promise<MeasuredHost> {
  const pages = join(place, 'pages');
  mkdirSync(pages);
  writeFileSync(join(pages, 'index.html'), '<!doctype html>');
  const child = fork(fileURLToPath(new URL('../../hosts/served-process.ts', import.meta.url)), [pages], {
    env: { ...process.env, CUPBEARER_HOME: home, CUPBEARER_DATA: join(home, 'data'), CUPBEARER_ROOT: place },
  });
  const [{ port, link }] = (await once(child, 'message')) as [Served];
  const socket = openSocket(port, { ...(await signIn(link)) });
  await once(socket, 'open');
  const client = clientOver(socket);

  async function ask<T>(word: ServedWord): Promise<T> {
    // A loop that was held up until now notes it only when it goes on.
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.send(word);
    const [answer] = (await once(child, 'message')) as [T];
    return answer;
  }

  return {
    async measure(what, work) {
      await ask('reset');
      const start = performance.now();
      let isOver = false;
      const working = work(client).then(
        () => 'done',
        (error: unknown) => `refused: ${(error as { data?: { message?: string } }).data?.message ?? String(error)}`,
      );
      void working.then(() => (isOver = true));
      let slowest = 0;
      while (!isOver) {
        const asked = performance.now();
        await client.app.settings({});
        slowest = Math.max(slowest, performance.now() - asked);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const outcome = await working;
      const seconds = (performance.now() - start) / 1000;
      const { maxMs, busiestMs, peakBytes } = await ask<ServedReading>('read');
      const verdict =
        maxMs < targetMs ? `below ${targetMs}` : maxMs < limitMs ? `below ${limitMs}` : `ABOVE ${limitMs}`;
      process.stdout.write(
        `${what.padEnd(44)}${seconds.toFixed(1).padStart(7)} s   loop held up ${maxMs.toFixed(0).padStart(6)} ms, ${verdict}   computed ${busiestMs.toFixed(0).padStart(5)} ms at a stretch   slowest other call ${slowest.toFixed(0)} ms   host's peak ${formatBytes(peakBytes)}   ${outcome.slice(0, 100)}\n`,
      );
    },
    async stop() {
      socket.terminate();
      child.send('end');
      await once(child, 'exit');
    },
  };
}
