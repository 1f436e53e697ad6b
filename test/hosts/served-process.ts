/** The web host in a process of its own, which says when asked what it has loaded, how long its event loop was held up, and what memory it took. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serveApplication } from '../../main/hosts/web/serve.ts';

/** What can be asked of the process; each is answered by one message. */
export type ServedWord = 'reset' | 'read' | 'modules' | 'end';

/** Its first message. */
export interface Served {
  port: number;
  link: string;
}

/** Answer to `read`: since it was reset. */
export interface ServedReading {
  /** Longest time for which the event loop was held up. */
  maxMs: number;
  peakBytes: number;
}

const host = await serveApplication({ port: 0, folder: process.argv[2]! });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let peakBytes = 0;
const look = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 20);

const answers: Record<ServedWord, () => unknown> = {
  reset() {
    delay.reset();
    peakBytes = 0;
    return {};
  },
  read: () => ({ maxMs: delay.max / 1e6, peakBytes }) satisfies ServedReading,
  modules() {
    return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects;
  },
  end() {
    clearInterval(look);
    void host.close('The test is over.').then(() => process.exit(0));
    return {};
  },
};
process.on('message', (word: ServedWord) => process.send!(answers[word]()));
// Whoever started it may be stopped in the middle.
process.on('disconnect', () => process.exit(1));
process.send!({ port: host.port, link: host.link() } satisfies Served);
