import type * as tf from '@tensorflow/tfjs-core';
import { CupbearerError, deviceLost, smallerBatchHelps } from '../../../../shared/errors.ts';
import type { GpuAdapter, GpuDevice } from './adapter.ts';
import { parameter, worded } from '../../../../shared/wording.ts';

/** The class of `@tensorflow/tfjs-backend-webgpu`, as far as it is used here. */
export type WebGpuBackendClass = new (
  device: GpuDevice,
  info: GpuAdapter['info'],
) => tf.KernelBackend & {
  readonly device: GpuDevice;
};

/** The backend, and whether it can go on. */
export type CheckedBackend = InstanceType<WebGpuBackendClass> & {
  /** What happened to its device; it fails every reading from then on. */
  readonly fault: CupbearerError | undefined;
};

/**
 * The backend with an ear for what the GPU reports late. Work is only queued when it is asked for; whether it was done shows
 * when values are read, so that is where a lost device or an operation that failed becomes an error.
 */
export function createBackend(
  Backend: WebGpuBackendClass,
  device: GpuDevice,
  info: GpuAdapter['info'],
): CheckedBackend {
  let fault: CupbearerError | undefined;
  const lost = device.lost.then(({ reason, message }) => {
    fault ??= lostError(reason, message);
    throw fault;
  });
  // Heard in `read`; between reads it is no unhandled rejection.
  lost.catch(() => undefined);
  device.onuncapturederror = ({ error }) => {
    fault ??= operationError(error.constructor.name, error.message);
  };

  class Checked extends Backend {
    get fault(): CupbearerError | undefined {
      return fault;
    }

    override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
      try {
        const values = await Promise.race([super.read(dataId), lost]);
        if (fault === undefined) return values;
      } catch (error) {
        if (fault === undefined) throw error;
      }
      throw fault;
    }

    override readSync(dataId: object): tf.backend_util.BackendValues {
      if (fault !== undefined) throw fault;
      return super.readSync(dataId);
    }
  }
  return new Checked(device, info);
}

function lostError(reason: string, message: string): CupbearerError {
  return new CupbearerError('engine', `The GPU was lost in the middle of the work (${reason}): ${firstLine(message)}`, {
    hint: worded`The driver may have been reset or updated, the GPU removed, or one step taken too long. What was finished before is kept: start the run again, a training with ${parameter('resume')}, perhaps with a smaller ${parameter('batch_size')} or another ${parameter('engine')}, such as wasm.`,
    details: { reason, ...deviceLost },
  });
}

function operationError(kind: string, message: string): CupbearerError {
  if (kind === 'GPUOutOfMemoryError')
    return new CupbearerError('engine', `The GPU has no memory left: ${firstLine(message)}`, {
      hint: worded`Use a smaller ${parameter('batch_size')}; a training can be resumed with ${parameter('resume')}.`,
      details: smallerBatchHelps,
    });
  return new CupbearerError('engine', `The GPU refused an operation: ${firstLine(message)}`, {
    hint: worded`Use a smaller ${parameter('batch_size')} or another ${parameter('engine')}, such as wasm.`,
    details: { kind, message },
  });
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.trim();
}
