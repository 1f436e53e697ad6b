import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engineStatus, startEngine } from '../../main/tensor/engine.ts';
import type { GpuDevice } from '../../main/tensor/engines/webgpu/adapter.ts';

const status = await engineStatus('webgpu');
const device = () => (tf.backend() as unknown as { device: GpuDevice }).device;

// In this order: the last one breaks the device for this process.
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
});
