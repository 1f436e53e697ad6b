/**
 * Taken into a process before its own code (`--import`), has the GPU lost in earnest once the file named by
 * LOSE_GPU_WHEN is there: as when a driver is reset in the middle of the work.
 */
import { existsSync } from 'node:fs';
import { globals } from 'webgpu';

interface Queue {
  submit(commands: unknown[]): void;
}

interface Device {
  readonly queue: Queue;
  destroy(): void;
}

interface Adapter {
  requestDevice: (this: Adapter, descriptor: unknown) => Promise<Device>;
}

const adapter = (globals as { GPUAdapter: { prototype: Adapter } }).GPUAdapter.prototype;
const requestDevice = adapter.requestDevice;
adapter.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  queue.submit = (commands) => {
    submit(commands);
    if (existsSync(process.env['LOSE_GPU_WHEN']!)) device.destroy();
  };
  return device;
};
