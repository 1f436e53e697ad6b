import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import * as wasmBackend from '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { EngineInfo } from '../../../shared/domain/engine.ts';
import type { EngineDefinition } from './engine-definition.ts';
import { registerConvolutionKernels } from './wasm/convolution.ts';
import { registerIdentityKernel } from './wasm/identity.ts';
import { registerMatMulKernels } from './wasm/mat-mul.ts';
import { registerNearestKernels } from './wasm/nearest.ts';
import { registerOptimizerKernels } from './wasm/optimizers.ts';
import { registerPoolingKernels } from './wasm/pooling.ts';
import { registerReductionKernels } from './wasm/reductions.ts';
import { registerLossKernels } from './wasm/loss.ts';
import { sharingMemory } from './wasm/shared-memory.ts';
import { WasmKernels } from './wasm/wasm-kernels.ts';

const id = 'wasm';
const title = 'WebAssembly (CPU)';

/**
 * Runs `action` and takes away the process-wide error handlers it installs: Emscripten's turn every uncaught
 * exception into one with its own stack.
 */
async function withoutProcessHandlers<T>(action: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, new Set<unknown>(process.listeners(event as 'exit'))]));
  try {
    return await action();
  } finally {
    for (const event of events)
      for (const listener of process.listeners(event as 'exit'))
        if (before.get(event)?.has(listener) === false) process.removeListener(event, listener);
  }
}

async function load(): Promise<EngineInfo> {
  // Silences the package's advice to install its native binding, and skips its checks for debugging.
  tf.env().set('PROD', true);
  const isSet = await withoutProcessHandlers(() => sharingMemory(() => tf.setBackend(id)));
  if (!isSet) throw new Error('The TensorFlow.js WebAssembly backend could not be initialised.');
  await tf.ready();
  return info(kernelsOf(tf.backend() as BackendWasm));
}

let kernels: WasmKernels | undefined;

function kernelsOf(backend: BackendWasm): WasmKernels {
  if (kernels?.backend === backend) return kernels;
  kernels = WasmKernels.load(backend);
  registerIdentityKernel(kernels);
  registerMatMulKernels(kernels);
  registerConvolutionKernels(kernels);
  registerPoolingKernels(kernels);
  registerReductionKernels(kernels);
  registerLossKernels(kernels);
  registerNearestKernels(kernels);
  registerOptimizerKernels(kernels);
  return kernels;
}

function info({ variant, threads }: WasmKernels): EngineInfo {
  return {
    id,
    title,
    device: cpus()[0]?.model.trim() ?? 'unknown CPU',
    versions: { 'tfjs-core': tf.version_core, 'tfjs-backend-wasm': wasmBackend.version_wasm, kernels: variant },
    threads,
    threadsKeepBits: true,
  };
}

/** The engine that is always there: TensorFlow.js on WebAssembly SIMD, with our kernels for training. */
export const wasmEngine: EngineDefinition = {
  id,
  title,
  backend: 'wasm',
  mayUseGpu: false,
  hint: 'Run "npm ci", which builds the compute kernels; Node.js must have WebAssembly SIMD.',
  load,
};
