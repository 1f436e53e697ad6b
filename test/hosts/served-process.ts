/**
 * The web host in a process of its own. It says when asked what it has loaded, how long its event loop was held up, how long it
 * computed at a stretch, and what memory it took.
 */
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
  /**
   * Most processor time that its thread took between two looks of a timer. Unlike `maxMs` it does not grow when other programs
   * keep the processors busy; what waits for a disk is not in it.
   */
  busiestMs: number;
  peakBytes: number;
}

const host = await serveApplication({ port: 0, folder: process.argv[2]! });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let peakBytes = 0;
let busiestMs = 0;
let computed = process.threadCpuUsage();
const looks = [
  setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 20),
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(computed);
    busiestMs = Math.max(busiestMs, (user + system) / 1000);
    computed = process.threadCpuUsage();
  }, 1),
];

const answers: Record<ServedWord, () => unknown> = {
  reset() {
    delay.reset();
    peakBytes = 0;
    busiestMs = 0;
    computed = process.threadCpuUsage();
    return {};
  },
  read: () => ({ maxMs: delay.max / 1e6, busiestMs, peakBytes }) satisfies ServedReading,
  modules() {
    return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects;
  },
  end() {
    for (const look of looks) clearInterval(look);
    void host.close('The test is over.').then(() => process.exit(0));
    return {};
  },
};
process.on('message', (word: ServedWord) => process.send!(answers[word]()));
// Whoever started it may be stopped in the middle.
process.on('disconnect', () => process.exit(1));
process.send!({ port: host.port, link: host.link() } satisfies Served);
