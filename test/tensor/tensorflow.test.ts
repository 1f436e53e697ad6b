import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { smallerBatchHelps } from '../../shared/errors.ts';
import { startEngine, type EngineInfo } from '../../main/tensor/engine.ts';
import { cudaLibraries, nvidiaGpu, whyCpu } from '../../main/tensor/engines/tensorflow/device.ts';
import { tellingFailures } from '../../main/tensor/engines/tensorflow/failures.ts';
import {
  libraryFolders,
  type NativeBinding,
  type NodeBackend,
} from '../../main/tensor/engines/tensorflow/node-package.ts';
import { adamStep, sgdStep } from '../../main/tensor/optimizers.ts';
import { temporaryFolder } from '../storage/fixtures.ts';
import { tensorflowFolder, withEnvironment, withoutTensorflow } from '../tensorflow.ts';

const gpu = { name: 'NVIDIA L4', memoryBytes: 2 ** 34, driver: '570.86' };

describe('what TensorFlow computes on', () => {
  it('is the CPU for one of these reasons', () => {
    expect(whyCpu('cpu', gpu, {})).toContain('built for the CPU alone');
    expect(whyCpu('gpu', gpu, {})).toContain('the NVIDIA L4 is there, but TensorFlow could not load CUDA');
    expect(whyCpu('gpu', gpu, { cuda: '12.9' })).toContain('does not take it (driver 570.86, CUDA 12.9)');
  });

  it('is the CPU where there is no driver', () =>
    withEnvironment({ CUDA_VISIBLE_DEVICES: undefined }, () => {
      expect(whyCpu('gpu', undefined, {})).toContain('no NVIDIA driver');
    }));

  it('has versions, by the names of loaded libraries', () => {
    const files = ['/x/libcudart.so.12.9.79', '/x/libcudnn_ops.so.9.1', '/x/libcudnn.so.9.10.2', '/lib/libc.so.6'];
    expect(cudaLibraries(files)).toEqual({ cuda: '12.9.79', cudnn: '9.10.2' });
    expect(cudaLibraries(['C:\\x\\cudart64_110.dll'])).toEqual({ cuda: '110' });
    expect(cudaLibraries([])).toEqual({});
  });

  it('is no NVIDIA GPU where its tool is not there', () => {
    expect(nvidiaGpu('there-is-no-nvidia-smi')).toBeUndefined();
  });

  describe.skipIf(process.platform === 'win32')('is the GPU that CUDA may see', () => {
    /** A program in place of `nvidia-smi` that knows these GPUs. */
    function driverOf(...gpus: string[]): string {
      const path = join(temporaryFolder(), 'nvidia-smi');
      writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${gpus.join('\n')}\nEND\n`);
      chmodSync(path, 0o755);
      return path;
    }
    const small = 'GPU-1a2b-11, 16384, 570.86, NVIDIA L4';
    const large = 'GPU-3c4d-22, 81920, 570.86, NVIDIA H100';
    const found = (gpus: string[], visible?: string, order?: string) =>
      nvidiaGpu(driverOf(...gpus), { CUDA_VISIBLE_DEVICES: visible, CUDA_DEVICE_ORDER: order });
    const l4 = { name: 'NVIDIA L4', memoryBytes: 2 ** 34, driver: '570.86' };
    const h100 = { name: 'NVIDIA H100', memoryBytes: 5 * 2 ** 34, driver: '570.86' };
    const either = { name: 'NVIDIA L4 or NVIDIA H100', driver: '570.86' };

    it.each([
      ['the only one', [small], undefined, undefined, l4],
      ['of several alike any', [small, small], '1,0', undefined, l4],
      ['by number, counted by place', [small, large], '1', 'PCI_BUS_ID', h100],
      ['by number, counted by speed, which the driver does not tell', [small, large], '1', undefined, either],
      ['the first, where none is named', [small, large], undefined, 'PCI_BUS_ID', l4],
      ['by a part of its id', [small, large], 'GPU-3c', undefined, h100],
      [
        'by a part of it, whose memory is not the whole',
        [large],
        'MIG-5e6f',
        undefined,
        { ...h100, memoryBytes: undefined },
      ],
      [
        'a part of one of several',
        [small, large],
        'MIG-GPU-3c4d-22/1/0',
        undefined,
        { ...h100, memoryBytes: undefined },
      ],
      [
        'with memory that the driver does not tell',
        ['GPU-1, [N/A], 570.86, NVIDIA GB10'],
        undefined,
        undefined,
        { name: 'NVIDIA GB10', driver: '570.86' },
      ],
      ['none, where all are hidden', [small], '', undefined, undefined],
      ['none, for a number that none has', [small], '3', undefined, undefined],
      ['none, for -1', [small], '-1', undefined, undefined],
      ['none, for an id that none has', [small], 'GPU-9', undefined, undefined],
    ])('%s', (_, gpus, visible, order, expected) => {
      expect(found(gpus, visible, order)).toEqual(expected);
    });

    it('and where they are hidden that is said', () =>
      withEnvironment({ CUDA_VISIBLE_DEVICES: '-1' }, () => {
        expect(whyCpu('gpu', undefined, {})).toContain('CUDA_VISIBLE_DEVICES is "-1"');
      }));
  });
});

describe('the package', () => {
  it('finds tensorflow.dll on Windows where its install script puts it', () => {
    const folders = libraryFolders({ id: 'bundled', packageFolder: 'P', addon: 'P/lib/napi-v8/tfjs_binding.node' });
    expect(folders.map((folder) => folder.replaceAll('\\', '/'))).toEqual([
      'P/deps/lib',
      `P/lib/napi-v${process.versions['napi']}`,
    ]);
  });
});

describe('exhausted memory', () => {
  const failing = (message: string, isGpu: boolean) =>
    tellingFailures({
      isUsingGpuDevice: () => isGpu,
      executeOp: () => {
        throw new Error(message);
      },
    } as unknown as NativeBinding);

  it('is told with what to do', () => {
    const message = 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[128,32,28,28] and type float';
    expect(() => failing(message, true).executeOp('Conv2D', [], [], 1)).toThrow(
      expect.objectContaining({
        code: 'engine',
        message: 'The GPU has no memory left for a tensor of shape [128, 32, 28, 28].',
        hint: 'Use a smaller --batch_size; an interrupted training can be resumed with --resume.',
        details: { tensorflow: message, ...smallerBatchHelps },
      }),
    );
  });

  it('is also what keeps a library of CUDA from starting', () => {
    const message = 'Invalid TF_Status: 13\nMessage: failed to create cublas handle: CUBLAS_STATUS_ALLOC_FAILED';
    expect(() => failing(message, true).executeOp('MatMul', [], [], 1)).toThrow(
      expect.objectContaining({
        message: 'The GPU has no memory left.',
        details: { tensorflow: message, ...smallerBatchHelps },
      }),
    );
  });

  it('is not every failure', () => {
    const message = 'Invalid TF_Status: 3\nMessage: shapes differ';
    expect(() => failing(message, true).executeOp('Add', [], [], 1)).toThrow(message);
  });
});

describe.skipIf(tensorflowFolder === undefined)(`the engine "tensorflow"${withoutTensorflow}`, () => {
  let info: EngineInfo;

  beforeAll(async () => {
    process.env['CUPBEARER_TENSORFLOW'] = tensorflowFolder;
    info = await startEngine('tensorflow');
  });

  const backend = () => tf.backend() as NodeBackend;

  it('is the package on this TensorFlow.js, and says what it computes on', () => {
    expect(tf.getBackend()).toBe('tensorflow');
    expect(tf.engine().backend).toBe(tf.backend());
    expect(info.versions).toMatchObject({ tensorflow: backend().binding.TF_Version, 'tfjs-node-gpu': '4.22.0' });
    expect(info.device).not.toBe('');
    // CI has no GPU; where there is one, nothing needs saying.
    expect(info.notes === undefined).toBe(backend().isUsingGpuDevice);
  });

  it('leaves room on the GPU for others, and Node.js as it found it but for two old functions', () => {
    expect(process.env['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('true');
    expect(util).toMatchObject({ isNullOrUndefined: expect.any(Function) as unknown, isArray: Array.isArray });
  });

  it('says so when memory runs out, and works on', () => {
    expect(() => tf.tidy(() => tf.fill([2 ** 22, 2 ** 22], 1))).toThrow(
      expect.objectContaining({
        code: 'engine',
        message: expect.stringContaining('no memory left for a tensor of shape [4194304, 4194304]') as string,
      }),
    );
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  it('updates neither the array that a variable was made from nor a snapshot of it', () => {
    const values = Float32Array.from([1, 2, 3]);
    const variable = tf.variable(tf.tensor1d(values));
    const [m, v] = [tf.variable(tf.zeros([3])), tf.variable(tf.zeros([3]))];
    const snapshot = tf.clone(variable);
    const gradient = tf.tensor1d([1, 1, 1]);
    for (let step = 1; step <= 3; step++) adamStep(variable, gradient, m, v, { learningRate: 0.1, step });
    sgdStep(variable, gradient, m, { learningRate: 0.1, momentum: 0.9 });
    expect([...values]).toEqual([1, 2, 3]);
    expect([...snapshot.dataSync()]).toEqual([1, 2, 3]);
    expect(variable.dataSync()[0]).toBeLessThan(0.8);
    tf.dispose([variable, m, v, snapshot, gradient]);
  });

  it('holds no more of its own tensors after a thousand steps', () => {
    const [variable, m, v] = Array.from({ length: 3 }, () => tf.variable(tf.ones([40, 30])));
    const step = (number: number) =>
      tf.tidy(() => {
        const gradient = tf.mul(variable!, 0.1);
        adamStep(variable!, gradient, m!, v!, { learningRate: 1e-3, weightDecay: 0.01, step: number });
      });
    step(1);
    const before = backend().binding.getNumOfTensors();
    for (let number = 2; number <= 1000; number++) step(number);
    expect(backend().binding.getNumOfTensors()).toBe(before);
    tf.dispose([variable!, m!, v!]);
  });

  it('leaves a variable whole whose update fails', () => {
    const [variable, velocity] = [tf.variable(tf.ones([3])), tf.variable(tf.zeros([3]))];
    const wrong = tf.ones([2]);
    Object.defineProperty(wrong, 'shape', { value: [3] });
    expect(() => sgdStep(variable, wrong, velocity, { learningRate: 1 })).toThrow();
    expect([...variable.dataSync()]).toEqual([1, 1, 1]);
    expect([...velocity.dataSync()]).toEqual([0, 0, 0]);
    tf.dispose([variable, velocity, wrong]);
  });
});
