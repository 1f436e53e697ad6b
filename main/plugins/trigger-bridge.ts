import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { CupbearerError, fromErrorRecord, type ErrorRecord } from '../../shared/errors.ts';
import type { PluginLaunch } from './plugin-launch.ts';

/** What is asked of the thread that has the plugin's process. */
export interface TriggerQuestion {
  definition: string;
  params: Readonly<Record<string, unknown>>;
  sample: Float32Array;
  shape: readonly number[];
  vocabulary?: readonly string[] | undefined;
  seed: number;
}
export type TriggerAnswer = { changed: Float32Array } | { error: ErrorRecord };

/** What the thread starts with. */
export interface BridgeData {
  launch: PluginLaunch;
  port: MessagePort;
  /** Counts answers, so that another thread can wait for the next. */
  answered: Int32Array;
}

/** Longer than any change of one sample takes, with the start of the process. */
const patienceMs = 180_000;

/**
 * Lets code that cannot wait have a plugin change samples: data are read by synchronous functions. The process is driven by a thread, for
 * whose answers this one stands still.
 */
class TriggerBridge {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));

  constructor(launch: PluginLaunch) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: BridgeData = { launch, port: port2, answered: this.#answered };
    this.#worker = new Worker(new URL('./trigger-worker.ts', import.meta.url), { workerData, transferList: [port2] });
    this.#worker.unref();
    this.#port.unref();
  }

  /** Returns the changed sample. @throws CupbearerError `plugin`. */
  change(question: TriggerQuestion): Float32Array {
    const before = Atomics.load(this.#answered, 0);
    this.#port.postMessage(question);
    if (Atomics.wait(this.#answered, 0, before, patienceMs) === 'timed-out')
      throw new CupbearerError(
        'plugin',
        `The trigger "${question.definition}" of a plugin did not change a sample in ${patienceMs / 1000} s.`,
      );
    const answer = receiveMessageOnPort(this.#port)?.message as TriggerAnswer;
    if ('error' in answer) throw fromErrorRecord(answer.error);
    return answer.changed;
  }

  /** Resolves when the process has ended. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    this.#port.postMessage('close');
    await ended;
  }
}

const bridges = new Map<string, TriggerBridge>();

/** The bridge to a plugin, which all triggers of it share in this thread. */
export function triggerBridge(hash: string, launch: () => PluginLaunch): TriggerBridge {
  const known = bridges.get(hash) ?? new TriggerBridge(launch());
  bridges.set(hash, known);
  return known;
}

export async function closeTriggerBridges(): Promise<void> {
  const closing = [...bridges.values()];
  bridges.clear();
  await Promise.all(closing.map((bridge) => bridge.close()));
}
