/**
 * How the calling thread and its helpers share a task: places in one shared Int32Array, which all of them read and change by
 * atomic operations alone, and the task's numbers beside it.
 */

/** Generation of the task (24 bits) and how many of its parts nobody has taken yet (8 bits): both change at one stroke. */
export const OPEN = 0;
/** Parts that are finished. */
export const DONE = 1;
/** 1 while the calling thread sleeps until `DONE` changes. */
export const WAITING = 2;
/** 1 once a helper has failed; what it says stands in `message`. */
export const FAILED = 3;
/** How many helpers sleep until `OPEN` changes. */
export const SLEEPING = 4;
/** Which instance of a module, and which of its functions, the task runs. */
export const SLOT = 5;
export const FUNCTION = 6;
/** How many numbers the function is given after the part and the thread. */
export const ARGUMENTS = 7;
/** How many helpers have started. */
export const READY = 8;
const PLACES = 9;

/** What `OPEN` can count. */
export const MOST_PARTS = 255;
const MOST_ARGUMENTS = 32;
const MESSAGE_BYTES = 1024;

/** What the threads share. */
export interface Task {
  control: Int32Array;
  args: Float64Array;
  /** UTF-8, filled up with zeros. */
  message: Uint8Array;
}

export function createTask(): Task {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * PLACES)),
    args: new Float64Array(new SharedArrayBuffer(8 * MOST_ARGUMENTS)),
    message: new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES)),
  };
}

/** A module that helpers instantiate over the memory they share with the calling thread. */
export interface SharedModule {
  slot: number;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** What a function that works in parts is like: which part, which thread works on it (0 the caller), and the rest. */
export type PartFunction = (part: number, thread: number, ...args: number[]) => void;

/** Functions of an instance by number: in the order of their names, which is the same in every thread. */
export function functionsOf(exports: Record<string, unknown>): { names: string[]; functions: PartFunction[] } {
  const names = Object.keys(exports)
    .filter((name) => typeof exports[name] === 'function')
    .sort();
  return { names, functions: names.map((name) => exports[name] as PartFunction) };
}

/** Instantiates a kernel module over a memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Record<string, unknown> {
  const abort = () => {
    throw new Error('A compute kernel stopped itself.');
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
}
