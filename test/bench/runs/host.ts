/** The web host of a program for `npm run bench:runs`: says over its channel what its loop and its memory did when asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serveApplication } from '../../../main/hosts/web/serve.ts';

/** What a host has to say of the time since it was asked last. */
export interface HostState {
  /** The longest time that nothing else could be answered, ms. */
  longestDelayMs: number;
  /** Memory in use now, and the most since the start, bytes. */
  rss: number;
  peakRss: number;
}

const delay = monitorEventLoopDelay({ resolution: 1 });
const started = performance.now();
const host = await serveApplication({ port: 0 });
process.send!({ link: host.link(), startMs: performance.now() - started });
delay.enable();

process.on('message', (message) => {
  if (message === 'end') {
    void host.close('The benchmark is over.').then(() => process.disconnect());
    return;
  }
  // Once the timer of the monitor has fired: a delay is known when it is over.
  setTimeout(() => {
    const state: HostState = {
      longestDelayMs: delay.max / 1e6,
      rss: process.memoryUsage.rss(),
      // Kilobytes, whatever the system.
      peakRss: process.resourceUsage().maxRSS * 1024,
    };
    delay.reset();
    process.send!(state);
  }, 50);
});
