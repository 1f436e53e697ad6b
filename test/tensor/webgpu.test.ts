import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engineStatus, startEngine } from '../../main/tensor/engine.ts';
import type { GpuDevice } from '../../main/tensor/engines/webgpu/adapter.ts';

const status = await engineStatus('webgpu');
const device = () => (tf.backend() as unknown as { device: GpuDevice }).device;

describe.skipIf(!status.works)(`webgpu${status.works ? '' : ` (does not work here: ${status.reason})`}`, () => {
  it('names the GPU and its driver', async () => {
    const info = await startEngine('webgpu');
    expect(info.device).toMatch(/\S/);
    expect(info.versions).toMatchObject({
      'tfjs-backend-webgpu': tf.version_core,
      webgpu: expect.any(String) as string,
    });
  });

  it('is passed over by auto where it is a software renderer, and says so', () => {
    const isSoftware = /swiftshader|llvmpipe/i.test(`${status.info!.device} ${status.info!.versions['driver']}`);
    expect(status.info!.passedOverByAuto !== undefined).toBe(isSoftware);
    expect(status.info!.notes?.join() ?? '').toMatch(isSoftware ? /software renderer/ : /^$/);
  });

  it('fails with the reason when the GPU is lost, rather than to wait or to give zeros', async () => {
    await startEngine('webgpu');
    const sum = tf.add(tf.tensor1d([1, 2]), 1);
    const reading = sum.data();
    device().destroy();
    await expect(reading).rejects.toMatchObject({ code: 'engine', message: expect.stringContaining('lost') as string });
    await expect(tf.add(tf.tensor1d([1]), 1).data()).rejects.toMatchObject({ code: 'engine' });
  });

  it('takes the GPU again for the next work after it was lost, by name and with auto', async () => {
    await startEngine('webgpu');
    const kept = tf.tensor1d([1, 2]);
    const lostDevice = device();
    lostDevice.destroy();
    await lostDevice.lost;
    const info = await startEngine('webgpu');
    expect(info.id).toBe('webgpu');
    expect(device()).not.toBe(lostDevice);
    expect(await tf.add(tf.tensor1d([1, 2]), 1).data()).toEqual(Float32Array.of(2, 3));
    expect(() => kept.dispose()).not.toThrow();
    device().destroy();
    await device().lost;
    expect((await startEngine('auto')).id).toBe('webgpu');
    expect(await tf.add(tf.tensor1d([1, 2]), 2).data()).toEqual(Float32Array.of(3, 4));
  });

  it('says that an operation was refused, and computes again with the next start', async () => {
    await startEngine('webgpu');
    const tooLarge = tf.fill([2 ** 26, 2 ** 10], 1);
    await expect(tf.slice(tooLarge, [0, 0], [1, 1]).data()).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringMatching(/^The GPU (refused an operation|has no memory left): /) as string,
    });
    await startEngine('webgpu');
    expect(await tf.add(tf.tensor1d([1, 2]), 1).data()).toEqual(Float32Array.of(2, 3));
  });
});
