import { KernelMemory, type LinalgExports } from './kernel-memory.ts';

/** Memory and functions of the float64 kernels for the length of one call: what was allocated is given back at its end. */
export class Workspace {
  readonly memory: KernelMemory;
  readonly #blocks: number[] = [];

  private constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** Runs `action` with a workspace of its own, nothing of which may be used afterwards. */
  static use<T>(action: (workspace: Workspace) => T, memory: KernelMemory = KernelMemory.current): T {
    const workspace = new Workspace(memory);
    try {
      return action(workspace);
    } finally {
      for (const block of workspace.#blocks.reverse()) memory.free(block);
    }
  }

  /** Functions that the calling thread runs alone. */
  get run(): LinalgExports {
    return this.memory.kernels.run;
  }

  get threads(): number {
    return this.memory.kernels.threads;
  }

  /** Runs a function that works in parts, on all threads: as `ParallelKernels.inParts`. */
  inParts(name: keyof LinalgExports, parts: number, ...args: number[]): void {
    this.memory.kernels.inParts(name, parts, ...args);
  }

  /** As `ParallelKernels.partsFor`. */
  partsFor(multiplications: number): number {
    return this.memory.kernels.partsFor(multiplications);
  }

  /** Address of `bytes` of undefined content, on a cache line. Throws RangeError beyond the 4 GiB that there can be. */
  allocate(bytes: number): number {
    const address = this.memory.allocate(bytes);
    this.#blocks.push(address);
    return address;
  }

  doubles(count: number): number {
    return this.allocate(count * 8);
  }

  /** A copy of `values` in the workspace. */
  put(values: Float32Array | Float64Array | Int32Array): number {
    const address = this.allocate(values.byteLength);
    this.memory.write(address, values);
    return address;
  }

  write(address: number, values: Float32Array | Float64Array | Int32Array): void {
    this.memory.write(address, values);
  }

  /** The memory itself, valid until the next allocation. */
  view(address: number, count: number): Float64Array {
    return this.memory.view(address, count);
  }
}
