/** Entry point of a thread that helps the calling thread with its tasks: takes parts of the open task, and sleeps between tasks. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import {
  ARGUMENTS,
  DONE,
  FAILED,
  FUNCTION,
  OPEN,
  READY,
  SLEEPING,
  SLOT,
  WAITING,
  functionsOf,
  instantiate,
  type PartFunction,
  type SharedModule,
  type Task,
} from './task.ts';

/** What a helper is started with. */
export interface HelperData {
  task: Task;
  /** Its number, from 1. */
  thread: number;
  /** Where modules arrive, each before the first task that needs it. */
  modules: MessagePort;
}

/**
 * How often a helper looks for the next task before it sleeps, some tens of microseconds: tasks of one training step follow
 * each other sooner, and being woken takes longer.
 */
const LOOKS = 4000;

const { task, thread, modules } = workerData as HelperData;
const { control, args } = task;
const instances = new Map<number, PartFunction[]>();

function fail(error: unknown): void {
  const text = new TextEncoder().encode(error instanceof Error ? error.message : String(error));
  task.message.set(text.subarray(0, task.message.length));
  Atomics.store(control, FAILED, 1);
  Atomics.notify(control, DONE);
}
// However it ends: the thread that waits for its part must learn of it.
process.on('exit', () => fail(new Error('it has ended')));

function functionsAt(slot: number): PartFunction[] {
  for (;;) {
    const found = instances.get(slot);
    if (found !== undefined) return found;
    const received = receiveMessageOnPort(modules) as { message: SharedModule } | undefined;
    if (received === undefined) throw new Error(`it was given no module ${slot}`);
    const { module, memory } = received.message;
    instances.set(received.message.slot, functionsOf(instantiate(module, memory)).functions);
  }
}

/** Waits until `OPEN` is no longer `word`. */
function awaitChange(word: number): void {
  for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, OPEN) !== word) return;
  Atomics.add(control, SLEEPING, 1);
  Atomics.wait(control, OPEN, word);
  Atomics.sub(control, SLEEPING, 1);
}

let generation = -1;
let current: { slot: number; index: number; numbers: number[] } = { slot: 0, index: 0, numbers: [] };

Atomics.add(control, READY, 1);
parentPort!.postMessage('ready');
for (;;) {
  const word = Atomics.load(control, OPEN);
  const open = word & 255;
  if (open === 0) {
    awaitChange(word);
    continue;
  }
  if (word >>> 8 !== generation) {
    const count = control[ARGUMENTS]!;
    current = { slot: control[SLOT]!, index: control[FUNCTION]!, numbers: [...args.subarray(0, count)] };
  }
  // Where this succeeds, the task that was read is still the open one, and stays so until this part is done.
  if (Atomics.compareExchange(control, OPEN, word, word - 1) !== word) {
    generation = -1;
    continue;
  }
  generation = word >>> 8;
  try {
    functionsAt(current.slot)[current.index]!(open - 1, thread, ...current.numbers);
  } catch (error) {
    fail(error);
  }
  Atomics.add(control, DONE, 1);
  if (Atomics.load(control, WAITING) === 1) Atomics.notify(control, DONE);
}
