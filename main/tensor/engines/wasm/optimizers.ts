import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** A step for one parameter takes about as long as so many multiplications of a matrix product. */
const ADAM_WORK = 20;
const SGD_WORK = 8;

/** Registers the optimizers' steps, which change their variables in place and have no output. */
export function registerOptimizerKernels(kernels: WasmKernels): void {
  kernels.register(ownKernels.adam, (inputs, attrs) => {
    const { beta1, beta2, stepSize, inverseRoot, epsilon, weightDecay } = attrs as Record<string, number>;
    const variable = inputs['variable']!;
    const n = tf.util.sizeFromShape(variable.shape);
    const parts = kernels.partsFor(ADAM_WORK * n);
    // prettier-ignore
    kernels.inParts(
      'adam', parts, parts, n,
      kernels.address(variable), kernels.address(inputs['gradient']!),
      kernels.address(inputs['m']!), kernels.address(inputs['v']!),
      beta1!, beta2!, 1 - beta1!, 1 - beta2!, stepSize!, inverseRoot!, epsilon!, weightDecay!,
    );
    return [];
  });
  kernels.register(ownKernels.sgd, (inputs, attrs) => {
    const { learningRate, momentum, weightDecay } = attrs as Record<string, number>;
    const variable = inputs['variable']!;
    const n = tf.util.sizeFromShape(variable.shape);
    const parts = kernels.partsFor(SGD_WORK * n);
    // prettier-ignore
    kernels.inParts(
      'sgd', parts, parts, n,
      kernels.address(variable), kernels.address(inputs['gradient']!), kernels.address(inputs['velocity']!),
      learningRate!, momentum!, weightDecay!,
    );
    return [];
  });
}
