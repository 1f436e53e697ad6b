import { loadKernelModule } from '../kernels/modules.ts';

/** What `kernels/assembly/linalg` exports; all arguments are numbers, addresses in bytes. */
interface LinalgExports {
  columnMeans(x: number, isDouble: number, n: number, d: number, mean: number): void;
  gramScratchBytes(n: number, d: number, isWeighted: number): number;
  // prettier-ignore
  gram(
    x: number, isDouble: number, n: number, d: number, mean: number, weights: number, c: number, scratch: number,
  ): void;
  packRows(x: number, n: number, k: number, out: number): void;
  matMulTransposed(a: number, m: number, b: number, n: number, k: number, c: number): void;
  packForm(a: number, d: number, out: number): void;
  // prettier-ignore
  quadraticForms(
    x: number, n: number, d: number, mean: number, form: number, out: number, scratch: number,
  ): void;
  cholesky(a: number, n: number): number;
  eigenScratchDoubles(n: number): number;
  eigenVectorDoubles(n: number): number;
  symmetricEigen(a: number, n: number, d: number, z: number, scratch: number): number;
  orderVectors(z: number, n: number, order: number, out: number, asColumns: number): void;
}

const PAGE = 65536;
/** Memory above this is given up after use: WebAssembly memory grows but never shrinks. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Memory and functions of the float64 kernels for the length of one call: what is allocated is never freed singly. */
export class Workspace {
  readonly run: LinalgExports;
  readonly #memory: WebAssembly.Memory;
  #top = 0;

  private constructor() {
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    const { module } = loadKernelModule('linalg');
    const abort = () => {
      throw new Error('A linear algebra kernel stopped itself.');
    };
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort } });
    this.run = instance.exports as unknown as LinalgExports;
  }

  static #idle: Workspace | undefined;

  /** Runs `action` with a workspace of its own; nothing it allocated may be used afterwards. */
  static use<T>(action: (workspace: Workspace) => T): T {
    const workspace = Workspace.#idle ?? new Workspace();
    Workspace.#idle = undefined;
    workspace.#top = 0;
    const result = action(workspace);
    if (workspace.#memory.buffer.byteLength <= KEPT_BYTES) Workspace.#idle = workspace;
    return result;
  }

  /** Address of `bytes` of undefined content, on a cache line. Throws RangeError beyond the 4 GiB that there can be. */
  allocate(bytes: number): number {
    const address = this.#top;
    this.#top = Math.ceil((address + bytes) / 64) * 64;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  doubles(count: number): number {
    return this.allocate(count * 8);
  }

  /** A copy of `values` in the workspace. */
  put(values: Float32Array | Float64Array | Int32Array): number {
    const address = this.allocate(values.byteLength);
    this.write(address, values);
    return address;
  }

  write(address: number, values: Float32Array | Float64Array | Int32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.#memory.buffer).set(bytes, address);
  }

  /** The memory itself, valid until the next allocation. */
  view(address: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, count);
  }
}
