import { loadKernelModule } from '../kernels/modules.ts';
import { ParallelKernels } from '../threads/parallel-kernels.ts';

/** What `kernels/assembly/linalg` exports; all arguments are numbers, addresses in bytes. */
export interface LinalgExports {
  gramDoubles(d: number): number;
  packedDoubles(n: number, d: number): number;
  // prettier-ignore
  gramPack(
    part: number, thread: number, parts: number, x: number, isDouble: number, n: number, d: number, isCentred: number,
    mean: number, weights: number, running: number, root: number, left: number, right: number,
  ): void;
  // prettier-ignore
  gramTiles(
    part: number, thread: number, parts: number, rows: number, d: number, left: number, right: number, c: number,
  ): void;
  // prettier-ignore
  gramRows(
    part: number, thread: number, parts: number, c: number, d: number, scale: number, first: number, count: number,
    out: number,
  ): void;
  halfFloats(n: number, d: number): number;
  halfPackBytes(parts: number): number;
  halfIsFit(parts: number, scratch: number): number;
  // prettier-ignore
  halfPack(
    part: number, thread: number, parts: number, x: number, n: number, d: number, mean: number, running: number,
    root: number, left: number, right: number, scratch: number,
  ): void;
  // prettier-ignore
  halfTiles(
    part: number, thread: number, parts: number, rows: number, d: number, left: number, right: number, c: number,
  ): void;
  packedLeftDoubles(n: number, k: number): number;
  packedRightDoubles(n: number, k: number): number;
  packRight(part: number, thread: number, parts: number, x: number, n: number, k: number, out: number): void;
  // prettier-ignore
  matMulTransposed(
    part: number, thread: number, parts: number, a: number, m: number, b: number, n: number, k: number, left: number,
    c: number,
  ): void;
  packForm(a: number, d: number, out: number): void;
  // prettier-ignore
  quadraticForms(
    part: number, thread: number, rows: number, x: number, n: number, d: number, mean: number, form: number, out: number,
    scratch: number,
  ): void;
  // prettier-ignore
  rowDistances(
    part: number, thread: number, parts: number, queries: number, m: number, d: number, found: number, k: number,
    references: number, start: number, end: number, out: number,
  ): void;
  cholesky(a: number, n: number): number;
  tridiagonalise(a: number, n: number, d: number, e: number, h: number, scratch: number): void;
  // prettier-ignore
  accumulateReflectors(
    part: number, thread: number, parts: number, a: number, n: number, h: number, z: number, scratch: number,
  ): void;
  eigenScratchDoubles(n: number, threads: number): number;
  eigenVectorDoubles(n: number): number;
  qlBegin(d: number, e: number, n: number, scratch: number): void;
  qlRounds(d: number, e: number, n: number): number;
  sweepsLeft(): number;
  // prettier-ignore
  applyRotations(
    part: number, thread: number, parts: number, z: number, n: number, count: number, scratch: number,
  ): void;
  orderVectors(z: number, n: number, order: number, out: number, asColumns: number): void;
}

const PAGE = 65536;
/** The 4 GiB that 32-bit addresses reach. */
const MOST_PAGES = 65536;
/**
 * Memory above this is given up once nothing is in it: WebAssembly memory grows but never shrinks. As much as scoring with a
 * covariance of some 3,000 columns takes, batch after batch: threads have to be restarted to release it.
 */
const KEPT_BYTES = 192 * 1024 * 1024;
/** Blocks start on a cache line. */
const LINE = 64;

/** Memory of the float64 kernels, handed out in blocks, and the kernels over it. */
export class KernelMemory {
  readonly kernels: ParallelKernels<LinalgExports>;
  readonly #memory: WebAssembly.Memory;
  /** In the order of their addresses. */
  readonly #blocks: { start: number; end: number }[] = [];

  private constructor() {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
    this.kernels = new ParallelKernels(loadKernelModule('linalg').module, this.#memory);
  }

  static #current: KernelMemory | undefined;

  /** The one in use. */
  static get current(): KernelMemory {
    return (KernelMemory.#current ??= new KernelMemory());
  }

  /** Address of `bytes` of undefined content. Throws RangeError beyond the 4 GiB that there can be. */
  allocate(bytes: number): number {
    const length = Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
    let start = 0;
    let place = 0;
    for (; place < this.#blocks.length; place++) {
      const { start: next, end } = this.#blocks[place]!;
      if (next - start >= length) break;
      start = end;
    }
    const missing = start + length - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    this.#blocks.splice(place, 0, { start, end: start + length });
    return start;
  }

  /** Frees the block at an address. */
  free(address: number): void {
    const place = this.#blocks.findIndex(({ start }) => start === address);
    this.#blocks.splice(place, 1);
    if (this.#blocks.length > 0 || this.#memory.buffer.byteLength <= KEPT_BYTES) return;
    if (KernelMemory.#current === this) KernelMemory.#current = undefined;
    this.kernels.close();
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
