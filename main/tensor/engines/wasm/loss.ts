import { ownKernels } from '../../own-kernels.ts';
import type { WasmKernels } from './wasm-kernels.ts';

/** Registers the softmax cross entropy with its gradient. */
export function registerLossKernels(kernels: WasmKernels): void {
  kernels.register(ownKernels.softmaxCrossEntropy, (inputs) => {
    const logits = inputs['logits']!;
    const labels = inputs['labels']!;
    const [n, c] = logits.shape as [number, number];
    const loss = kernels.output([]);
    const gradient = kernels.output([n, c]);
    // prettier-ignore
    kernels.run.softmaxCrossEntropy(
      n, c, kernels.address(logits), kernels.address(labels), kernels.address(gradient), kernels.address(loss),
    );
    return [loss, gradient];
  });
}
