import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe } from 'vitest';
import { engineStatuses, startEngine } from '../../main/tensor/engine.ts';
import { computePool, useThreads } from '../../main/tensor/threads/compute-threads.ts';
import { tensorflowFolder } from '../tensorflow.ts';

if (tensorflowFolder !== undefined) process.env['CUPBEARER_TENSORFLOW'] = tensorflowFolder;

const statuses = await engineStatuses();

/** Engines that are asked for by CUPBEARER_TEST_ENGINE; all where it is not set. */
const only = process.env['CUPBEARER_TEST_ENGINE'];

/**
 * Runs a suite on every engine that loads here, on the embedded one with one thread and with several, and on the plain JavaScript backend: it has no kernel of ours, so that
 * what we compose where an engine lacks one is held to the same numbers (a suite is told `cpu` then). Engines that do not
 * load are skipped by name, but for the one that CUPBEARER_TEST_ENGINE asks for. `isSlow`: a GPU in software, about a
 * hundred times slower.
 */
export function onEveryBackend(name: string, suite: (backend: string, isSlow: boolean) => void): void {
  for (const { id, works, reason, info } of statuses.filter(({ id }) => only === undefined || id === only))
    for (const threads of id === 'wasm' ? [1, 3] : [1])
      describe.skipIf(!works && only === undefined)(
        `${name}, engine ${id}${threads === 1 ? '' : `, ${threads} threads`}${works ? '' : ` (does not work here: ${reason})`}`,
        () => {
          beforeAll(async () => {
            await startEngine(id);
            useThreads(threads, { isForced: true });
            await computePool()?.start();
          });
          suite(id, info?.passedOverByAuto !== undefined);
        },
      );
  describe.skipIf(only !== undefined)(`${name}, JavaScript backend`, () => {
    beforeAll(() => tf.setBackend('cpu'));
    suite('cpu', false);
  });
}
