import type { TensorMap } from '../../../shared/domain/tensors.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { RandomStream } from '../../tensor/random.ts';
import { withoutAugmentations } from './augmentation.ts';
import type { Dataset, DatasetFacts } from '../dataset.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Trigger } from '../triggers/trigger.ts';

/** How much of a dataset is poisoned and what the poisoned samples are labelled. */
export interface PoisonOptions {
  /** Share of the samples that get trigger and wrong label, 0 to 1. */
  readonly p_backdoor: number;
  /** Share that gets the trigger's decoy and keeps its label, 0 to 1; together with `p_backdoor` at most 1. */
  readonly p_noise?: number;
  readonly target_class: number;
  /** All-to-all: the class after a sample's own instead of `target_class`. */
  readonly cycle_class: boolean;
  /** Only samples of the target class are poisoned, so that no label is wrong; `p_backdoor` is still of all samples. */
  readonly clean_label?: boolean;
  readonly seed: number;
}

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

const untouched = 0;
const triggered = 1;
const decoyed = 2;

/**
 * Poisons exactly round(p_backdoor * n) samples of `dataset`, and makes decoys of round(p_noise * n) others. Which ones
 * is fixed by the seed for all epochs; the trigger's own randomness comes from (seed, epoch, index).
 * @throws CupbearerError `usage` where the options do not fit each other, the trigger or the dataset's classes.
 */
export function poisoned(dataset: Dataset, trigger: Trigger, options: PoisonOptions): PoisonedDataset {
  checkPoisoning(dataset, trigger, options);
  const { p_backdoor, p_noise = 0, target_class, cycle_class, seed } = options;
  const roles = options.clean_label
    ? drawCleanLabelRoles(dataset, p_backdoor, target_class, seed)
    : drawRoles(dataset.length, p_backdoor, p_noise, seed);
  const streams = RandomStream.from(seed, 'trigger');
  // Augmentations keep the label, so there is no need to compute them for it.
  const labelled = withoutAugmentations(dataset);
  const classCount = dataset.classes.length;
  const size = dataset.shape.reduce((product, length) => product * length, 1);
  return {
    shape: dataset.shape,
    classes: dataset.classes,
    ...(dataset.vocabulary ? { vocabulary: dataset.vocabulary } : {}),
    length: dataset.length,
    memory: dataset.memory + roles.length,
    clean: dataset,
    fingerprint: fingerprint('poisoned', dataset.fingerprint, triggerFingerprint(trigger), [
      p_backdoor,
      p_noise,
      target_class,
      cycle_class,
      seed,
      ...(options.clean_label ? ['clean-label'] : []),
    ]),
    isPoisoned: (index) => roles[index] === triggered,
    ...(dataset.recipe
      ? {
          recipe: () => ({
            kind: 'poisoned',
            args: [dataset.recipe!(), { spec: trigger.spec, state: trigger.state() }, options],
          }),
        }
      : {}),
    cleanLabel: (index) => labelled.read([index], 0).labels[0]!,
    read(indices, epoch) {
      const batch = dataset.read(indices, epoch);
      for (let i = 0; i < batch.size; i++) {
        const index = indices[i]!;
        const role = roles[index]!;
        if (role === untouched) continue;
        const sample = batch.inputs.subarray(i * size, (i + 1) * size);
        const stream = streams.derive(epoch, index);
        if (role === decoyed) {
          trigger.decoy?.(sample, stream);
        } else {
          trigger.apply(sample, stream);
          batch.labels[i] = cycle_class ? (batch.labels[i]! + 1) % classCount : target_class;
        }
      }
      return batch;
    },
  };
}

/** The dataset with the trigger on every sample. */
export function fullyPoisoned(
  dataset: Dataset,
  trigger: Trigger,
  options: Omit<PoisonOptions, 'p_backdoor' | 'p_noise' | 'clean_label'>,
): PoisonedDataset {
  return poisoned(dataset, trigger, { ...options, clean_label: false, p_backdoor: 1, p_noise: 0 });
}

/** SHA-256 (hex) over what determines a trigger: its parameters and its state. */
export function triggerFingerprint(trigger: Trigger): string {
  const state: TensorMap = trigger.state();
  const tensors = Object.keys(state)
    .sort()
    .flatMap((name) => {
      const { shape, data } = state[name]!;
      return [name, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
    });
  return fingerprint('trigger', trigger.spec, ...tensors);
}

function drawRoles(n: number, shareTriggered: number, shareDecoyed: number, seed: number): Uint8Array {
  const order = RandomStream.from(seed, 'poison').permutation(n);
  const triggeredCount = Math.round(shareTriggered * n);
  // Rounding both shares up may exceed n by one where they add up to 1.
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
      `Clean-label poisoning expects a p_backdoor of at most ${(candidates.length / dataset.length).toFixed(4)}, the share of class ${target}, found ${share}.`,
    );
  }
  const order = RandomStream.from(seed, 'poison').permutation(candidates.length);
  for (let k = 0; k < wanted; k++) roles[candidates[order[k]!]!] = triggered;
  return roles;
}

/** @throws CupbearerError `usage` where the options do not fit each other, the trigger or the dataset's classes. */
export function checkPoisoning(dataset: DatasetFacts, trigger: Trigger, options: PoisonOptions): void {
  const { p_backdoor, p_noise = 0, target_class } = options;
  if (!(p_backdoor >= 0 && p_noise >= 0 && p_backdoor + p_noise <= 1)) {
    throw new CupbearerError(
      'usage',
      `Expected p_backdoor and p_noise of at least 0 and together at most 1, found ${p_backdoor} and ${p_noise}.`,
    );
  }
  if (options.clean_label && options.cycle_class) {
    throw new CupbearerError('usage', 'Clean-label poisoning has one target class; cycle_class must be off.');
  }
  if (p_noise > 0 && !trigger.decoy) {
    throw new CupbearerError(
      'usage',
      `The trigger "${String(trigger.spec['id'])}" has no noise mode; p_noise must be 0.`,
    );
  }
  if (!Number.isInteger(target_class) || target_class < 0 || target_class >= dataset.classes.length) {
    throw new CupbearerError(
      'usage',
      `Expected a target_class of 0 to ${dataset.classes.length - 1}, found ${target_class}.`,
    );
  }
}
