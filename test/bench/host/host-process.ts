/** The web host in a process of its own, which says when asked how long its event loop was held up and what memory it took. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serveApplication } from '../../../main/hosts/web/serve.ts';

const folder = process.argv[2]!;
const host = await serveApplication({ port: 0, folder });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let peakBytes = 0;
const look = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 20);

process.on('message', (word: 'reset' | 'read' | 'end') => {
  if (word === 'reset') {
    delay.reset();
    peakBytes = 0;
    process.send!('reset');
  } else if (word === 'read') {
    process.send!({ maxMs: delay.max / 1e6, medianMs: delay.percentile(50) / 1e6, peakBytes });
  } else {
    clearInterval(look);
    void host.close('The measurement is over.').then(() => process.exit(0));
  }
});
process.send!({ port: host.port, link: host.link() });
