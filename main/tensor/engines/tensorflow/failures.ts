import { CupbearerError, smallerBatchHelps } from '../../../../shared/errors.ts';
import type { NativeBinding } from './node-package.ts';
import { parameter, worded } from '../../../../shared/wording.ts';

/** TensorFlow's code for exhausted memory, and what libraries of CUDA say that find none to start in. */
const exhausted = /^Invalid TF_Status: 8\b|CUDA_ERROR_OUT_OF_MEMORY|CU(BLAS|DNN|SOLVER|FFT)_STATUS_ALLOC_FAILED/;

/** The addon, with exhausted memory told as an error that says what to do. */
export function tellingFailures(binding: NativeBinding): NativeBinding {
  const where = binding.isUsingGpuDevice() ? 'The GPU' : 'The machine';
  const told = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      try {
        return call(...args);
      } catch (error) {
        throw asExpected(error, where);
      }
    };
  };
  // The addon's own properties are read-only, so that theirs cannot be set on what inherits from it, only defined.
  return Object.create(binding, {
    createTensor: { value: told(binding.createTensor) },
    executeOp: { value: told(binding.executeOp) },
    tensorDataSync: { value: told(binding.tensorDataSync) },
  }) as NativeBinding;
}

function asExpected(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || !exhausted.test(error.message)) return error;
  const [, shape] = /shape\s?\[([\d,]+)\]/.exec(error.message) ?? [];
  const what = shape === undefined ? '' : ` for a tensor of shape [${shape.replaceAll(',', ', ')}]`;
  return new CupbearerError('engine', `${where} has no memory left${what}.`, {
    hint: worded`Use a smaller ${parameter('batch_size')}; an interrupted training can be resumed with ${parameter('resume')}.`,
    details: { tensorflow: error.message, ...smallerBatchHelps },
    cause: error,
  });
}
