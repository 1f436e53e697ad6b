import * as tf from '@tensorflow/tfjs-core';
import { availableParallelism } from 'node:os';
import { registerComoment } from '../linalg/comoment.ts';
import type { EngineDefinition, EngineInfo } from './engine-definition.ts';
import { tensorflowComoment } from './tensorflow/comoment.ts';
import { registerConvolutionKernels } from './tensorflow/convolution.ts';
import { describeDevice } from './tensorflow/device.ts';
import { tellingFailures } from './tensorflow/failures.ts';
import { activeInstallation } from './tensorflow/installation.ts';
import { NativeKernels } from './tensorflow/kernels.ts';
import { registerLayerKernels } from './tensorflow/layers.ts';
import { registerLossKernels } from './tensorflow/loss.ts';
import { loadNodePackage } from './tensorflow/node-package.ts';
import { registerOptimizerKernels } from './tensorflow/optimizers.ts';

const id = 'tensorflow';
const title = 'TensorFlow';

let info: EngineInfo | undefined;

/** Loads TensorFlow into this process, where it stays: GPU memory is free again once the process ends. */
function start(): EngineInfo {
  // Without it TensorFlow takes all of the GPU's memory at the start, whatever else runs there.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  const installation = activeInstallation();
  const loaded = loadNodePackage(installation);
  const backend = loaded.createBackend(tellingFailures(loaded.binding));
  tf.registerBackend(id, () => backend);
  loaded.registerKernels();
  const kernels = new NativeKernels(backend);
  registerLayerKernels(kernels);
  registerConvolutionKernels(kernels);
  registerLossKernels(kernels);
  registerOptimizerKernels(kernels);
  registerComoment(id, tensorflowComoment(backend.binding));
  const { device, versions, ...more } = describeDevice(backend, installation);
  return {
    id,
    title,
    device,
    versions: {
      tensorflow: loaded.binding.TF_Version,
      ...versions,
      'tfjs-core': tf.version_core,
      'tfjs-node-gpu': loaded.version,
    },
    threads: availableParallelism(),
    ...more,
  };
}

async function load(): Promise<EngineInfo> {
  info ??= start();
  if (!(await tf.setBackend(id))) throw new Error('The TensorFlow backend could not be initialised.');
  return info;
}

/** TensorFlow itself, by the package that TensorFlow.js has for Node.js: on an NVIDIA GPU, or on all cores of the CPU. */
export const tensorflowEngine: EngineDefinition = {
  id,
  title,
  backend: id,
  mayUseGpu: true,
  isInstalledBeside: true,
  hint: 'Run "npx cupbearer engine install tensorflow"; docs/engines.md says more.',
  load,
};
