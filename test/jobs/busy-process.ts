/** A process of ours that, once asked, computes for ever in one step: nothing else reaches its main thread. */
import { hostPort } from '../../main/jobs/host-port.ts';
import { symmetricEigen } from '../../main/tensor/linalg/symmetric-eigen.ts';

const size = 400;
const host = hostPort<'compute', { pid: number }>();
const matrix = Float64Array.from({ length: size * size }, (_, i) => 1 / (1 + (i % size) + Math.floor(i / size)));

host.onMessage(() => {
  host.send({ pid: process.pid });
  // The message is out before the step begins.
  setImmediate(() => {
    for (;;) symmetricEigen(matrix, size);
  });
});
