/** Entry point of the thread that has a plugin change samples for another thread, which stands still meanwhile. */
import { workerData } from 'node:worker_threads';
import { toErrorRecord } from '../../shared/errors.ts';
import { PluginProcess } from './plugin-process.ts';
import type { BridgeData, TriggerAnswer, TriggerQuestion } from './trigger-bridge.ts';

/** A process that nobody has asked for so long ends; the next sample starts another. */
const idleMs = 30_000;
/** A change of one sample takes milliseconds, and cannot be cancelled. */
const silentMs = 60_000;

const { launch, port, answered } = workerData as BridgeData;
let running: PluginProcess | undefined;
let idle: NodeJS.Timeout | undefined;

port.on('message', (message: TriggerQuestion | 'close') => {
  clearTimeout(idle);
  if (message === 'close') {
    void (running?.close() ?? Promise.resolve()).then(() => port.close());
    return;
  }
  void answer(message).then((found) => {
    port.postMessage(found);
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
    idle = setTimeout(() => void running?.close().then(() => (running = undefined)), idleMs);
  });
});

async function answer({
  definition,
  params,
  sample,
  shape,
  vocabulary,
  seed,
}: TriggerQuestion): Promise<TriggerAnswer> {
  try {
    if (running === undefined || running.hasFailed)
      running = await PluginProcess.start(launch, { limits: { silentMs } });
    const samples = { shape: [1, ...shape], data: sample };
    return { changed: await running.trigger(definition, params, samples, Int32Array.of(seed), vocabulary) };
  } catch (error) {
    return { error: toErrorRecord(error) };
  }
}
