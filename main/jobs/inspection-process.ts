/** Entry point of the inspection process: answers questions about data and runs, one after another or concurrently. */
import { toErrorRecord } from '../../shared/errors.ts';
import { LoadedDatasets } from '../data/loaded-datasets.ts';
import { inspect } from '../inspections/index.ts';
import { refreshPlugins } from '../runs/plugins.ts';
import { avoidEngines } from '../tensor/engine-openings.ts';
import { tellOpenings } from './engine-news.ts';
import { hostPort } from './host-port.ts';
import { throttleProgress } from './throttle.ts';
import type { FromInspection, ToInspection } from './inspection-protocol.ts';

const host = hostPort<ToInspection, FromInspection>();
const datasets = new LoadedDatasets();
const aborts = new Map<number, AbortController>();

tellOpenings(host);
host.onMessage((message) => {
  if (message.type === 'cancel') aborts.get(message.number)?.abort();
  else if (message.type === 'ask') void answer(message);
});
// A terminal sends Ctrl-C to all processes; the host decides what it means.
process.on('SIGINT', () => undefined);

async function answer({ number, name, question, dataDir, avoid }: ToInspection & { type: 'ask' }): Promise<void> {
  avoidEngines(avoid);
  const abort = new AbortController();
  aborts.set(number, abort);
  try {
    refreshPlugins();
    const progress = throttleProgress((phase, done, total) =>
      host.send({ type: 'progress', number, phase, done, total }),
    );
    const context = { dataDir, signal: abort.signal, datasets, progress };
    host.send({ type: 'answer', number, answer: await inspect(name, question, context) });
  } catch (error) {
    host.send({ type: 'failed', number, error: toErrorRecord(error) });
  } finally {
    aborts.delete(number);
  }
}
