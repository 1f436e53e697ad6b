import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { CupbearerError, smallerBatchHelps } from '../../../../shared/errors.ts';
import { loadKernelModule } from '../../kernels/modules.ts';
import type { KernelVariant } from '../../kernels/modules.ts';
import { ParallelKernels } from '../../threads/parallel-kernels.ts';
import { parameter, worded } from '../../../../shared/wording.ts';

/** What a convolution looks like, as the kernels take it: 13 numbers. */
export type ConvShape = [
  ...[n: number, h: number, w: number, c: number, kh: number, kw: number],
  ...[sy: number, sx: number, top: number, left: number, oh: number, ow: number, oc: number],
];

/**
 * What `kernels/assembly/tensor` exports; all arguments are numbers, addresses in bytes. Functions that take a part and a
 * thread are called through `inParts`.
 */
interface TensorExports {
  sgemmScratchBytes(): number;
  // prettier-ignore
  sgemm(
    transposeA: number, transposeB: number, m: number, n: number, k: number,
    a: number, lda: number, b: number, ldb: number, c: number, ldc: number,
    accumulate: number, bias: number, activation: number, scratch: number,
  ): void;
  convScratchBytes(patch: number): number;
  addFilters(n: number, count: number, sums: number, out: number): void;
  softmaxCrossEntropy(n: number, c: number, logits: number, labels: number, gradient: number, loss: number): void;
  // prettier-ignore
  sgemmInParts(
    part: number, thread: number, rowParts: number, columnParts: number, transposeA: number, transposeB: number,
    m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, c: number, ldc: number,
    bias: number, activation: number, scratch: number, scratchBytes: number,
  ): void;
  // prettier-ignore
  conv2d(
    part: number, thread: number, parts: number, ...rest: [
      ...shape: ConvShape, x: number, filter: number, bias: number, activation: number, y: number, scratch: number,
    ]
  ): void;
  // prettier-ignore
  conv2dFilterGradient(
    part: number, thread: number, parts: number,
    ...rest: [...shape: ConvShape, x: number, dy: number, sums: number, scratch: number]
  ): void;
  // prettier-ignore
  conv2dInputGradient(
    part: number, thread: number, parts: number,
    ...rest: [...shape: ConvShape, dy: number, filter: number, out: number, scratch: number]
  ): void;
  // prettier-ignore
  maxPool(
    part: number, thread: number, parts: number,
    n: number, h: number, w: number, c: number, kh: number, kw: number,
    sy: number, sx: number, top: number, left: number, oh: number, ow: number, x: number, y: number,
  ): void;
  // prettier-ignore
  maxPoolGradient(
    part: number, thread: number, parts: number,
    n: number, h: number, w: number, c: number, kh: number, kw: number,
    sy: number, sx: number, top: number, left: number, oh: number, ow: number,
    x: number, y: number, dy: number, dx: number,
  ): void;
  // prettier-ignore
  adam(
    part: number, thread: number, parts: number, n: number, p: number, g: number, m: number, v: number,
    beta1: number, beta2: number, rest1: number, rest2: number,
    stepSize: number, inverseRoot: number, epsilon: number, decay: number,
  ): void;
  // prettier-ignore
  sgd(
    part: number, thread: number, parts: number, n: number, p: number, g: number, u: number,
    rate: number, momentum: number, decay: number,
  ): void;
  sumRows(part: number, thread: number, parts: number, x: number, rows: number, columns: number, out: number): void;
  reluGradient(part: number, thread: number, parts: number, n: number, dy: number, x: number, out: number): void;
  // prettier-ignore
  keepNearest(
    part: number, thread: number, parts: number, products: number, m: number, n: number, halves: number, start: number,
    leftOut: number, k: number, keys: number, indices: number,
  ): void;
  relu(part: number, thread: number, parts: number, n: number, x: number, out: number): void;
}

/** The parts of the Emscripten module that its published types leave out. */
interface EmscriptenModule {
  asm: { memory: WebAssembly.Memory };
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

/** A kernel as it is written here: named input tensors and attributes in, one or several outputs. */
type WasmKernel = (inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap) => tf.TensorInfo | tf.TensorInfo[];

/** Our kernels, working in the memory of the TensorFlow.js WebAssembly backend. */
export class WasmKernels {
  readonly backend: BackendWasm;
  readonly variant: KernelVariant;
  readonly #parallel: ParallelKernels<TensorExports>;
  readonly #module: EmscriptenModule;
  /** Scratch memory of each thread for `sgemm`, held as long as the backend, and for how many threads it is. */
  #scratch = { address: 0, threads: 0 };

  private constructor(backend: BackendWasm, module: EmscriptenModule) {
    checkAllocations(module);
    const { module: kernels, variant } = loadKernelModule('tensor');
    this.backend = backend;
    this.#module = module;
    this.variant = variant;
    this.#parallel = new ParallelKernels(kernels, module.asm.memory);
  }

  static load(backend: BackendWasm): WasmKernels {
    return new WasmKernels(backend, backend.wasm as unknown as EmscriptenModule);
  }

  /** Functions that the calling thread runs alone. */
  get run(): TensorExports {
    return this.#parallel.run;
  }

  get threads(): number {
    return this.#parallel.threads;
  }

  /** As `ParallelKernels.inParts`. */
  inParts(name: keyof TensorExports, parts: number, ...args: number[]): void {
    this.#parallel.inParts(name, parts, ...args);
  }

  /** As `ParallelKernels.partsFor`. */
  partsFor(multiplications: number): number {
    return this.#parallel.partsFor(multiplications);
  }

  /** Scratch memory for `sgemm`, as much for each thread as it needs, one after the other. */
  get sgemmScratch(): number {
    if (this.#scratch.threads < this.threads) {
      if (this.#scratch.threads > 0) this.#module._free(this.#scratch.address);
      const address = this.#allocate(this.threads * this.run.sgemmScratchBytes());
      this.#scratch = { address, threads: this.threads };
    }
    return this.#scratch.address;
  }

  /** Registers `kernel` under `name`, in place of the backend's own where it has one. */
  register(name: string, kernel: WasmKernel): void {
    if (tf.getKernel(name, 'wasm') !== undefined) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => kernel(inputs, attrs ?? {}),
    });
  }

  /** The kernel that is registered under `name` now, for what ours does not do itself. */
  stock(name: string): WasmKernel {
    const config = tf.getKernel(name, 'wasm');
    return (inputs, attrs) => config.kernelFunc({ inputs, attrs, backend: this.backend });
  }

  /** Address of a tensor's first element. Valid as long as the tensor, also after the memory grew. */
  address(tensor: tf.TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new tensor of undefined content. */
  output(shape: number[], dtype: 'float32' | 'int32' = 'float32'): tf.TensorInfo {
    return this.backend.makeOutput(shape, dtype);
  }

  dispose(tensor: tf.TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  /** Runs `action` with `bytes` of scratch memory that is given back afterwards. */
  withScratch<T>(bytes: number, action: (address: number) => T): T {
    const address = this.#allocate(bytes);
    try {
      return action(address);
    } finally {
      this.#module._free(address);
    }
  }

  #allocate(bytes: number): number {
    return this.#module._malloc(bytes) >>> 0;
  }
}

/** Makes a failed allocation an error: the backend itself takes the null address and writes there. */
function checkAllocations(module: EmscriptenModule): void {
  // Emscripten puts the real function in place of a stand-in at the first call, over whatever is there by then.
  module._free(module._malloc(16));
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0)
      throw new CupbearerError('engine', `The compute engine has no memory left for ${bytes} more bytes.`, {
        hint: worded`Use a smaller ${parameter('batch_size')}; an interrupted training can be resumed with ${parameter('resume')}.`,
        details: smallerBatchHelps,
      });
    return address;
  };
}
