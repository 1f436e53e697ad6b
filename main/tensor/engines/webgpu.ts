import * as tf from '@tensorflow/tfjs-core';
import type { EngineDefinition, EngineInfo } from './engine-definition.ts';
import { loadOptional, versionOf } from './optional-package.ts';
import {
  deviceName,
  driverHint,
  findAdapter,
  isSoftware,
  requestDevice,
  type GpuAdapter,
  type GpuDevice,
} from './webgpu/adapter.ts';
import { createBackend, type CheckedBackend, type WebGpuBackendClass } from './webgpu/backend.ts';
import { registerConvolutionKernels } from './webgpu/convolution.ts';
import { registerEmptySums } from './webgpu/empty-tensors.ts';
import { WebGpuKernels } from './webgpu/kernels.ts';
import { registerOptimizerKernels } from './webgpu/optimizers.ts';
import { registerPoolingKernels } from './webgpu/pooling.ts';
import { registerTrainingKernels } from './webgpu/training.ts';

const id = 'webgpu';
const title = 'WebGPU (any GPU)';

const backendPackage = '@tensorflow/tfjs-backend-webgpu';

/** The GPU in use, and the backend on it. */
let used: { adapter: GpuAdapter; device: GpuDevice; backend: CheckedBackend } | undefined;

/** Opens the GPU, and reopens it after it was lost or refused an operation; what was on it is gone then, and its memory free. */
async function open(): Promise<NonNullable<typeof used>> {
  const before = used;
  used = undefined;
  if (before !== undefined) removeBackend();
  before?.device.destroy();
  const adapter = await findAdapter();
  const { WebGPUBackend } = await loadOptional<{ WebGPUBackend: WebGpuBackendClass }>(backendPackage);
  const device = await requestDevice(adapter);
  const backend = createBackend(WebGPUBackend, device, adapter.info);
  // The package registers a backend that asks for a device of its own and does not tell when it is lost.
  removeBackend();
  tf.registerBackend(id, () => backend);
  registerKernels();
  return { adapter, device, backend };
}

function removeBackend(): void {
  if ((tf.findBackendFactory(id) as unknown) !== null) tf.removeBackend(id);
}

let hasKernels = false;

/** Kernels outlive the backend that they were registered for. */
function registerKernels(): void {
  if (hasKernels) return;
  const kernels = new WebGpuKernels(id);
  registerConvolutionKernels(kernels);
  registerOptimizerKernels(kernels);
  registerPoolingKernels(kernels);
  registerTrainingKernels(kernels);
  registerEmptySums(id);
  hasKernels = true;
}

function hasFailed(): boolean {
  return used?.backend.fault !== undefined;
}

async function load(): Promise<EngineInfo> {
  tf.env().set('PROD', true);
  if (used === undefined || hasFailed()) used = await open();
  if (!(await tf.setBackend(id))) throw new Error('The TensorFlow.js WebGPU backend could not be initialised.');
  await tf.ready();
  return info(used.adapter);
}

function info(found: GpuAdapter): EngineInfo {
  const software = 'a software renderer: it computes on the CPU, slower than wasm';
  return {
    id,
    title,
    device: deviceName(found),
    versions: {
      'tfjs-core': tf.version_core,
      'tfjs-backend-webgpu': versionOf(backendPackage),
      webgpu: versionOf('webgpu'),
      driver: found.info.description,
    },
    threads: 1,
    ...(isSoftware(found)
      ? { notes: [`This is ${software}.`, driverHint()], passedOverByAuto: software }
      : { onGpu: true }),
  };
}

/** Any GPU that has a current driver: TensorFlow.js on WebGPU, which Dawn brings to Node. Nothing else to install. */
export const webgpuEngine: EngineDefinition = {
  id,
  title,
  backend: 'webgpu',
  mayUseGpu: true,
  hint: 'Update the driver of the GPU, or use another engine, such as wasm.',
  load,
  hasFailed,
};
