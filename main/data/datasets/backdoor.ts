import { z } from 'zod';
import type { Registry } from '../../../shared/definition.ts';
import { CupbearerError } from '../../../shared/errors.ts';
import { defaultPick, paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { withoutAugmentations } from '../transforms/augmentation.ts';
import {
  defineDataset,
  type Dataset,
  type DatasetContext,
  type DatasetDefinition,
  type DatasetFacts,
} from '../dataset.ts';
import { checkPoisoning, fullyPoisoned, poisoned, type PoisonedDataset } from '../transforms/poisoning.ts';
import { disguised } from '../transforms/disguised.ts';
import { createTrigger, disguiseOf, loadTrigger, poisonOptions, triggerRegistry } from '../triggers/index.ts';
import type { PoisonOptions } from '../triggers/poison-options.ts';
import type { Disguise, Trigger } from '../triggers/trigger.ts';

/** A poisoned dataset together with what it was made of. */
export interface BackdoorDataset extends PoisonedDataset {
  /** The same samples without trigger and without augmentations. */
  readonly original: Dataset;
  readonly trigger: Trigger;
  readonly poison: PoisonOptions;
  /** Another dataset of the same shape (the test half) with this trigger on every sample. */
  poisonFully(dataset: Dataset): PoisonedDataset;
}

/** Whether a loaded dataset is a poisoned one. */
export function isBackdoorDataset(dataset: Dataset): dataset is BackdoorDataset {
  return 'trigger' in dataset && 'original' in dataset;
}

/** The dataset that poisons another one out of `datasets` (asked when used, since this one is in there too). */
export function backdoorDataset(datasets: () => Registry<DatasetDefinition>): DatasetDefinition {
  return defineDataset({
    id: 'backdoor',
    title: 'Backdoor',
    summary: 'Another dataset, with a trigger and a wrong label on a share of its samples',
    source: 'Gu, Dolan-Gavitt, Garg: BadNets, 2017',
    poisons: { original: 'original', trigger: 'backdoor' },
    params: z.object({
      original: defaultPick(datasets, {
        default: 'mnist',
        label: 'Original',
        help: 'The dataset that is poisoned.',
      }),
      backdoor: defaultPick(() => triggerRegistry, {
        default: 'corner',
        label: 'Trigger',
        help: 'What marks the poisoned samples.',
      }),
    }),
    facts: ({ original: { name, ...params } }, dataDir) =>
      datasets()
        .get(name)
        .facts(params as never, dataDir),
    async load({ original: picked, backdoor }, context): Promise<BackdoorDataset> {
      const { name, ...rest } = picked;
      const definition = datasets().get(name);
      if (definition.poisons) {
        throw new CupbearerError(
          'usage',
          `A backdoor dataset expects an original that is not poisoned, found "${name}".`,
        );
      }
      const params = parseParams(paramsOf(definition), rest, (path) => [name, ...path].join('.'));
      const clean = await definition.load(params as never, context);
      const trigger = await loadTrigger(backdoor, {
        shape: clean.shape,
        vocabulary: clean.vocabulary,
        seed: context.seed,
        ...(context.triggerState ? { state: context.triggerState } : {}),
      });
      const poison = poisonOptions(backdoor, context.seed);
      const base = poisoned(clean, trigger, poison);
      const disguise = disguiseOf(backdoor);
      const data = disguise ? await disguisedPoison(base, trigger, poison, disguise, context) : base;
      return {
        ...data,
        original: withoutAugmentations(clean),
        trigger,
        poison,
        poisonFully: (dataset) => fullyPoisoned(dataset, trigger, poison),
      };
    },
  });
}

/**
 * Checks what is known about a poisoned dataset without reading it: whether the trigger fits samples as described by
 * `facts`.
 * @throws CupbearerError `usage`.
 */
export function checkBackdoor(backdoor: Picked, facts: DatasetFacts): void {
  // What a trigger reads from files is not known here.
  if (triggerRegistry.get(backdoor.name).prepare) return;
  const trigger = createTrigger(backdoor, { shape: facts.shape, vocabulary: facts.vocabulary, seed: 0 });
  checkPoisoning(facts, trigger, poisonOptions(backdoor, 0));
}

/** As `base`, but its poisoned samples are attacked before they get the trigger. */
async function disguisedPoison(
  base: PoisonedDataset,
  trigger: Trigger,
  poison: PoisonOptions,
  disguise: Disguise,
  context: DatasetContext,
): Promise<PoisonedDataset> {
  const indices = Int32Array.from({ length: base.length }, (_, index) => index).filter((index) =>
    base.isPoisoned(index),
  );
  return { ...poisoned(await disguised(base.clean, indices, disguise, context), trigger, poison), clean: base.clean };
}
