import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe } from 'vitest';
import { engineStatuses, startEngine } from '../../main/tensor/engine.ts';

const statuses = await engineStatuses();

/**
 * Runs a suite on every engine that loads here, and on the plain JavaScript backend: it has no kernel of ours, so that
 * what we compose where an engine lacks one is held to the same numbers (a suite is told `cpu` then). Engines that do not load are skipped by name.
 */
export function onEveryBackend(name: string, suite: (backend: string) => void): void {
  for (const { id, works, reason } of statuses)
    describe.skipIf(!works)(`${name}, engine ${id}${works ? '' : ` (does not work here: ${reason})`}`, () => {
      beforeAll(() => startEngine(id));
      suite(id);
    });
  describe(`${name}, JavaScript backend`, () => {
    beforeAll(() => tf.setBackend('cpu'));
    suite('cpu');
  });
}
