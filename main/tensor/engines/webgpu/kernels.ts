import * as tf from '@tensorflow/tfjs-core';

/** What `@tensorflow/tfjs-backend-webgpu` takes as a program: a shader and how it is spread over the GPU. */
interface WebGpuProgram {
  /** What the compiled shader is kept under; the backend adds ranks and types of the inputs. */
  shaderKey: string;
  /** Names that the inputs have in the shader; the output is `result`. */
  variableNames: string[];
  outputShape: number[];
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  workgroupSize: [number, number, number];
  /** Declarations of the numbers of one's own in `uniforms`. */
  uniforms: string;
  getUserCode(): string;
}

/** The parts of the backend that programs need. */
interface ProgramBackend extends tf.KernelBackend {
  /** Works on `output` in place if it is given, else on a new tensor. */
  runWebGPUProgram(
    program: WebGpuProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: { type: 'float32' | 'int32'; data: number[] }[],
    output?: tf.TensorInfo,
  ): tf.TensorInfo;
  readonly tensorMap: { get(dataId: object): { values?: unknown } };
}

/** A shader: what each of its threads does, known by its number `index`. */
export interface Shader {
  name: string;
  /** Names of the inputs, which are flat arrays; `result`, the output, is one that can be read and written. */
  inputs: string[];
  /**
   * Names of the float32 numbers it takes, `uniforms.NAME`; there are `uniforms.NAN` and `uniforms.threads` besides.
   */
  numbers: string[];
  /** WGSL. */
  body: string;
}

/** A kernel as it is written here: inputs and attributes by name, one or several outputs. */
type WebGpuKernel = (inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap) => tf.TensorInfo | tf.TensorInfo[];

/** Threads of a workgroup. */
const groupSize = 64;

const flat = ({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo => ({
  dataId,
  shape: [tf.util.sizeFromShape(shape)],
  dtype,
});

/** Our kernels on the GPU, as shaders that the TensorFlow.js WebGPU backend runs. */
export class WebGpuKernels {
  readonly #backendName: string;

  constructor(backendName: string) {
    this.#backendName = backendName;
  }

  /** Registers `kernel`, in place of the backend's own where it has one. */
  register(kernelName: string, kernel: WebGpuKernel): void {
    if ((tf.getKernel(kernelName, this.#backendName) as tf.KernelConfig | undefined) !== undefined)
      tf.unregisterKernel(kernelName, this.#backendName);
    tf.registerKernel({
      kernelName,
      backendName: this.#backendName,
      kernelFunc: ({ inputs, attrs }) => kernel(inputs, attrs ?? {}),
    });
  }

  /** Runs a shader that makes a new float32 tensor of this shape. */
  make(
    shader: Shader,
    shape: number[],
    threads: number,
    inputs: tf.TensorInfo[],
    numbers: number[] = [],
  ): tf.TensorInfo {
    return { ...run(shader, shape, threads, inputs, numbers), shape };
  }

  /** Runs a shader that changes `state` in place, a thread for each element. */
  change(shader: Shader, state: tf.TensorInfo, inputs: tf.TensorInfo[], numbers: number[]): void {
    const threads = tf.util.sizeFromShape(state.shape);
    // The GPU does nothing for an empty one, whose values are only here.
    if (threads === 0) return;
    run(shader, state.shape, threads, inputs, numbers, flat(state));
    // What was read of it before is no longer what it holds.
    delete backend().tensorMap.get(state.dataId).values;
  }

  /** Releases an intermediate result. */
  dispose({ dataId }: tf.TensorInfo): void {
    backend().disposeData(dataId);
  }
}

/** The backend in use: recreated after the GPU was lost. */
function backend(): ProgramBackend {
  return tf.backend() as ProgramBackend;
}

function run(
  { name, inputs: variableNames, numbers: names, body }: Shader,
  shape: number[],
  threads: number,
  inputs: tf.TensorInfo[],
  numbers: number[],
  output?: tf.TensorInfo,
): tf.TensorInfo {
  const program: WebGpuProgram = {
    shaderKey: `cupbearer_${name}`,
    variableNames,
    outputShape: [tf.util.sizeFromShape(shape)],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(threads / groupSize), 1, 1],
    workgroupSize: [groupSize, 1, 1],
    uniforms: ['threads : i32,', ...names.map((name) => `${name} : f32,`)].join(' '),
    getUserCode: () => `fn main(index : i32) { if (index < uniforms.threads) { ${body} } }`,
  };
  const uniforms = [
    { type: 'int32' as const, data: [threads] },
    ...numbers.map((value) => ({ type: 'float32' as const, data: [value] })),
  ];
  return backend().runWebGPUProgram(program, inputs.map(flat), 'float32', uniforms, output);
}
