import { z } from 'zod';
import { CupbearerError } from '../../../shared/errors.ts';
import { RandomStream } from '../../tensor/random.ts';
import type { Dataset, DatasetFacts } from '../dataset.ts';
import type { PoisonOptions } from '../triggers/poison-options.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { withoutAugmentations } from './augmentation.ts';
import { aTrigger, plain, type Parameter } from './parameters.ts';
import { defineTransform, sampleSize, type Transform } from './transform.ts';

/** A dataset of which some samples carry a trigger and another label. */
export interface PoisonedDataset extends Dataset {
  /** The same samples without trigger and with their own labels. */
  readonly clean: Dataset;
  /** Whether sample `index` carries the trigger and the other label (decoys do not count). */
  isPoisoned(index: number): boolean;
  /** The label of sample `index` before poisoning. */
  cleanLabel(index: number): number;
}

/** Whether a dataset is a poisoned one. */
export function isPoisonedDataset(dataset: Dataset): dataset is PoisonedDataset {
  return 'isPoisoned' in dataset;
}

const poisonSchema = z.object({
  p_backdoor: z.number(),
  p_noise: z.number().exactOptional(),
  target_class: z.number(),
  cycle_class: z.boolean(),
  clean_label: z.boolean().exactOptional(),
  seed: z.number(),
});

const poisonParameter: Parameter<PoisonOptions> = plain(
  poisonSchema,
  ({ p_backdoor, p_noise = 0, target_class, cycle_class, seed, clean_label }) => [
    p_backdoor,
    p_noise,
    target_class,
    cycle_class,
    seed,
    ...(clean_label ? ['clean-label'] : []),
  ],
);

const untouched = 0;
const triggered = 1;
const decoyed = 2;

/**
 * Poisons exactly round(p_backdoor * n) samples of `dataset`, and makes decoys of round(p_noise * n) others. Which ones
 * is fixed by the seed for all epochs; the trigger's own randomness comes from (seed, epoch, index).
 * @throws CupbearerError `usage` if the options do not fit each other, the trigger or the dataset's classes.
 */
export const poisoned: Transform<[trigger: Trigger, options: PoisonOptions], PoisonedDataset> = defineTransform({
  kind: 'poisoned',
  parameters: [aTrigger, poisonParameter],
  make(dataset, trigger, options) {
    checkPoisoning(dataset, trigger, options);
    const { p_backdoor, p_noise = 0, target_class, cycle_class, seed } = options;
    const roles = options.clean_label
      ? drawCleanLabelRoles(dataset, p_backdoor, target_class, seed)
      : drawRoles(dataset.length, p_backdoor, p_noise, seed);
    const streams = RandomStream.from(seed, 'trigger');
    // Augmentations keep the label, so there is no need to compute them for it.
    const labelled = withoutAugmentations(dataset);
    const classCount = dataset.classes.length;
    const size = sampleSize(dataset);
    return {
      memory: roles.length,
      clean: dataset,
      isPoisoned: (index: number) => roles[index] === triggered,
      cleanLabel: (index: number) => labelled.read([index], 0).labels[0]!,
      change({ inputs, labels, size: count }, indices, epoch) {
        for (let i = 0; i < count; i++) {
          const index = indices[i]!;
          const role = roles[index]!;
          if (role === untouched) continue;
          const sample = inputs.subarray(i * size, (i + 1) * size);
          const stream = streams.derive(epoch, index);
          if (role === decoyed) {
            trigger.decoy?.(sample, stream);
          } else {
            trigger.apply(sample, stream);
            labels[i] = cycle_class ? (labels[i]! + 1) % classCount : target_class;
          }
        }
      },
    };
  },
});

/** The dataset with the trigger on every sample. */
export function fullyPoisoned(
  dataset: Dataset,
  trigger: Trigger,
  options: Omit<PoisonOptions, 'p_backdoor' | 'p_noise' | 'clean_label'>,
): PoisonedDataset {
  return poisoned(dataset, trigger, { ...options, clean_label: false, p_backdoor: 1, p_noise: 0 });
}

function drawRoles(n: number, shareTriggered: number, shareDecoyed: number, seed: number): Uint8Array {
  const order = RandomStream.from(seed, 'poison').permutation(n);
  const triggeredCount = Math.round(shareTriggered * n);
  // Rounding both shares up may exceed n by one if they add up to 1.
  const decoyedCount = Math.min(Math.round(shareDecoyed * n), n - triggeredCount);
  const roles = new Uint8Array(n);
  for (let k = 0; k < triggeredCount; k++) roles[order[k]!] = triggered;
  for (let k = 0; k < decoyedCount; k++) roles[order[triggeredCount + k]!] = decoyed;
  return roles;
}

/** How many labels are read at once. */
const labelStride = 1000;

function drawCleanLabelRoles(dataset: Dataset, share: number, target: number, seed: number): Uint8Array {
  const labelled = withoutAugmentations(dataset);
  const roles = new Uint8Array(dataset.length);
  const wanted = Math.round(share * dataset.length);
  const candidates: number[] = [];
  for (let start = 0; start < dataset.length; start += labelStride) {
    const indices = Array.from({ length: Math.min(labelStride, dataset.length - start) }, (_, k) => start + k);
    labelled.read(indices, 0).labels.forEach((label, k) => {
      if (label === target) candidates.push(start + k);
    });
  }
  if (wanted > candidates.length) {
    throw new CupbearerError(
      'usage',
      `Clean-label poisoning expects a poisoned share of at most ${(candidates.length / dataset.length).toFixed(4)}, the share of class ${target}, found ${share}.`,
    );
  }
  const order = RandomStream.from(seed, 'poison').permutation(candidates.length);
  for (let k = 0; k < wanted; k++) roles[candidates[order[k]!]!] = triggered;
  return roles;
}

/** @throws CupbearerError `usage` if the options do not fit each other, the trigger or the dataset's classes. */
export function checkPoisoning(dataset: DatasetFacts, trigger: Trigger, options: PoisonOptions): void {
  const { p_backdoor, p_noise = 0, target_class } = options;
  if (!(p_backdoor >= 0 && p_noise >= 0 && p_backdoor + p_noise <= 1)) {
    throw new CupbearerError(
      'usage',
      `Expected shares of poisoned and of decoy samples of at least 0 and together at most 1, found ${p_backdoor} and ${p_noise}.`,
    );
  }
  if (options.clean_label && options.cycle_class) {
    throw new CupbearerError('usage', 'Clean-label poisoning has one target class, so it cannot be all-to-all.');
  }
  if (p_noise > 0 && !trigger.decoy) {
    throw new CupbearerError(
      'usage',
      `The trigger "${String(trigger.spec['id'])}" has no decoys; their share must be 0.`,
    );
  }
  if (!Number.isInteger(target_class) || target_class < 0 || target_class >= dataset.classes.length) {
    throw new CupbearerError(
      'usage',
      `Expected a target class of 0 to ${dataset.classes.length - 1}, found ${target_class}.`,
    );
  }
}
