import { compileString } from 'assemblyscript/asc';

/** Functions that make sure that a helper takes part, over whole numbers at `at`: how many have come, then one for each part. */
const source = `
  function meet(at: usize): void {
    atomic.add<i32>(at, 1);
    while (atomic.load<i32>(at) < 2) {}
  }
  /** Two parts, each by a thread of its own: notes which. */
  export function both(part: i32, thread: i32, at: usize): void {
    meet(at);
    store<i32>(at + 4 + 4 * part, 100 + thread);
  }
  /** Counts how often each part is done. */
  export function count(part: i32, thread: i32, at: usize): void {
    atomic.add<i32>(at + 4 + 4 * part, 1);
  }
  export function helperFails(part: i32, thread: i32, at: usize): void {
    meet(at);
    if (thread != 0) unreachable();
  }
  export function helperNeverEnds(part: i32, thread: i32, at: usize): void {
    meet(at);
    while (thread != 0) atomic.load<i32>(at);
  }
  export function callerFails(part: i32, thread: i32, at: usize): void {
    if (thread == 0) unreachable();
  }
`;

/** A module of these functions, compiled as our kernels are. */
export async function meetingModule(): Promise<WebAssembly.Module> {
  const { binary, error } = await compileString(
    { 'input.ts': source },
    // prettier-ignore
    {
      runtime: 'stub', noAssert: true, importMemory: true, sharedMemory: true, initialMemory: 1, maximumMemory: 65536,
      enable: ['threads'],
    },
  );
  if (binary === null) throw new Error(`The module for tests does not compile: ${error?.message}`);
  return new WebAssembly.Module(binary);
}
