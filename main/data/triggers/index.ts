import { z } from 'zod';
import { paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { Registry } from '../../../shared/definition.ts';
import type { PoisonOptions } from './poison-options.ts';
import { blended } from './blended.ts';
import { corner } from './corner.ts';
import { frequency } from './frequency.ts';
import { labelConsistent } from './label-consistent.ts';
import { noise } from './noise.ts';
import { patch } from './patch.ts';
import { sentence } from './sentence.ts';
import { sig } from './sig.ts';
import { wanet } from './wanet.ts';
import type { TriggerDefinition } from './trigger.ts';
import { poisonFields, type Disguise, type Trigger, type TriggerContext } from './trigger.ts';

export const triggerRegistry = new Registry<TriggerDefinition>('trigger', [
  corner,
  patch,
  noise,
  blended,
  sig,
  frequency,
  labelConsistent,
  wanet,
  sentence,
]);

/**
 * Makes the trigger that was picked; parameters left out take their defaults.
 * @throws CupbearerError `usage` for an unknown name or parameter, or one out of range.
 */
export function createTrigger(picked: Picked, context: TriggerContext): Trigger {
  return triggerRegistry.get(picked.name).create(paramsOfTrigger(picked) as never, context);
}

/** The trigger that said `spec` of itself, which leaves out what does not determine how it changes samples. */
export function triggerOfSpec({ id, ...params }: Trigger['spec'], context: TriggerContext): Trigger {
  return triggerRegistry.get(id as string).create(params as never, context);
}

/**
 * Like {@link createTrigger}, but reads the files that the trigger is made from, unless they are stored with a model.
 * @throws CupbearerError also `not-found`, `storage` or `bad-data` for these files.
 */
export async function loadTrigger(picked: Picked, context: TriggerContext): Promise<Trigger> {
  const prepared =
    context.state ?? (await triggerRegistry.get(picked.name).prepare?.(paramsOfTrigger(picked) as never, context));
  return createTrigger(picked, { ...context, state: prepared });
}

function paramsOfTrigger({ name, ...params }: Picked): Record<string, unknown> {
  return parseParams(paramsOf(triggerRegistry.get(name)), params, (path) => [name, ...path].join('.'));
}

/**
 * The part of a picked trigger's parameters that says how much is poisoned and what poisoned samples are labelled;
 * what a task leaves out takes its default. @throws CupbearerError `usage` for a value out of range.
 */
export function poisonOptions(picked: Picked, seed: number): PoisonOptions {
  const schema = z.object({ ...poisonFields, p_noise: z.number().default(0) });
  const isCleanLabel = triggerRegistry.get(picked.name).isCleanLabel?.(picked as never) ?? false;
  return {
    ...parseParams(schema, picked, (path) => [picked.name, ...path].join('.')),
    ...(isCleanLabel ? { clean_label: true } : {}),
    seed,
  };
}

/** What is done to poisoned training samples before they get the trigger that was picked; undefined if nothing. */
export function disguiseOf(picked: Picked): Disguise | undefined {
  return triggerRegistry.get(picked.name).disguise?.(paramsOfTrigger(picked) as never);
}
