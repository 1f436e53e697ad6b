import { RandomStream } from '../../tensor/random.ts';
import type { Dataset } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import { triggerFingerprint } from './poisoning.ts';
import type { Trigger } from '../triggers/trigger.ts';

/** The dataset with the change that `trigger` makes on every sample, and all labels as they were. */
export function changed(dataset: Dataset, trigger: Trigger, seed: number): Dataset {
  const size = dataset.shape.reduce((product, side) => product * side, 1);
  const streams = RandomStream.from(seed, 'change');
  return {
    shape: dataset.shape,
    classes: dataset.classes,
    ...(dataset.vocabulary ? { vocabulary: dataset.vocabulary } : {}),
    length: dataset.length,
    memory: dataset.memory,
    fingerprint: fingerprint('changed', dataset.fingerprint, triggerFingerprint(trigger), seed),
    ...(dataset.recipe
      ? {
          recipe: () => ({
            kind: 'changed',
            args: [dataset.recipe!(), { spec: trigger.spec, state: trigger.state() }, seed],
          }),
        }
      : {}),
    read(indices, epoch) {
      const batch = dataset.read(indices, epoch);
      for (let i = 0; i < batch.size; i++) {
        trigger.apply(batch.inputs.subarray(i * size, (i + 1) * size), streams.derive(epoch, indices[i]!));
      }
      return batch;
    },
  };
}
