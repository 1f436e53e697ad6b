import Module, { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import type { DataStorage, KernelBackend, Tensor } from '@tensorflow/tfjs-core';
import { packageName, type Installation } from './installation.ts';

const require = createRequire(import.meta.url);

/** What an operation of TensorFlow gives: a tensor of its own by number. */
export interface NativeTensor {
  id: number;
  shape: number[];
  dtype: number;
}

export interface NativeAttribute {
  name: string;
  type: number;
  value: boolean | number | string | readonly number[];
}

/** The native addon. */
export interface NativeBinding {
  readonly createTensor: (shape: number[], dtype: number, values: ArrayBufferView) => number;
  deleteTensor(id: number): void;
  readonly tensorDataSync: (id: number) => ArrayBufferView;
  readonly executeOp: (
    name: string,
    attributes: NativeAttribute[],
    inputs: number[],
    outputs: number,
  ) => NativeTensor[];
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_COMPLEX64: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** The package's backend, with those of its private parts that kernels of ours work with. */
export interface NodeBackend extends KernelBackend {
  readonly binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: DataStorage<{ id: number; values: ArrayBufferView | null }>;
  getInputTensorIds(tensors: Tensor[]): number[];
  createOutputTensor(output: NativeTensor): Tensor;
  applyActivation(x: Tensor, activation: string, preluWeights?: Tensor, leakyReluAlpha?: number): Tensor;
}

interface NodePackage {
  binding: NativeBinding;
  createBackend(binding: NativeBinding): NodeBackend;
  /** Registers the package's kernels; they need the backend to be registered. */
  registerKernels(): void;
  version: string;
}

/** Where Windows has to look for tensorflow.dll: the addon's own folder is not where the package puts it on current Node. */
export function libraryFolders({ packageFolder }: Installation): string[] {
  return [join(packageFolder, 'deps', 'lib'), join(packageFolder, 'lib', `napi-v${process.versions['napi']}`)];
}

/**
 * Loads the npm package's backend, kernels and native addon. Not by its main module, which insists on an addon inside the
 * package, takes in parts of TensorFlow.js that we do not use, and starts TensorFlow at once.
 * @throws what loading a native module throws.
 */
export function loadNodePackage(installation: Installation, platform: NodeJS.Platform = process.platform): NodePackage {
  mendUtil();
  if (platform === 'win32')
    process.env['PATH'] = [...libraryFolders(installation), process.env['PATH'] ?? ''].join(delimiter);
  const { packageFolder, addon } = installation;
  const { version } = require(join(packageFolder, 'package.json')) as { version: string };
  const binding = require(addon) as NativeBinding;
  return withOurTensorFlow(() => {
    const { NodeJSKernelBackend } = require(join(packageFolder, 'dist', 'nodejs_kernel_backend.js')) as {
      NodeJSKernelBackend: new (binding: NativeBinding, name: string) => NodeBackend;
    };
    return {
      binding,
      version,
      createBackend: (used) => new NodeJSKernelBackend(used, packageName),
      registerKernels: () =>
        withOurTensorFlow(() => void require(join(packageFolder, 'dist', 'register_all_kernels.js'))),
    };
  });
}

/** Functions that the package calls: Node.js 23 took the first out of `util`, and complains on standard error of the second. */
function mendUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  old['isArray'] = Array.isArray;
}

/**
 * Runs `load` with what the package requires answered by our own dependencies, wherever the package lies: its kernels and our
 * code must work with one TensorFlow.js, and of the union package it needs the core alone.
 */
function withOurTensorFlow<T>(load: () => T): T {
  const core = pathToFileURL(require.resolve('@tensorflow/tfjs-core')).href;
  const answers = new Map([
    ['@tensorflow/tfjs', core],
    ['@tensorflow/tfjs-core', core],
    ['google-protobuf', pathToFileURL(require.resolve('google-protobuf')).href],
  ]);
  const hooks = Module.registerHooks({
    resolve: (specifier, context, next) => {
      const url = answers.get(specifier);
      return url === undefined ? next(specifier, context) : { url, format: 'commonjs', shortCircuit: true };
    },
  });
  try {
    return load();
  } finally {
    hooks.deregister();
  }
}
