import { z } from 'zod';
import { RandomStream } from '../../tensor/random.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { aTrigger, plain } from './parameters.ts';
import { defineTransform, sampleSize, type Transform } from './transform.ts';

/** The dataset with the change that `trigger` makes on every sample, and all labels as they were. */
export const changed: Transform<[trigger: Trigger, seed: number]> = defineTransform({
  kind: 'changed',
  parameters: [aTrigger, plain(z.number())],
  make(dataset, trigger, seed) {
    const size = sampleSize(dataset);
    const streams = RandomStream.from(seed, 'change');
    return {
      change({ inputs, size: count }, indices, epoch) {
        for (let i = 0; i < count; i++) {
          trigger.apply(inputs.subarray(i * size, (i + 1) * size), streams.derive(epoch, indices[i]!));
        }
      },
    };
  },
});
