import { z } from 'zod';
import { paramsOf, parseParams, type Picked } from '../../../shared/schema/fields.ts';
import { Registry } from '../../../shared/definition.ts';
import type { PoisonOptions } from '../poisoning.ts';
import { corner } from './corner.ts';
import { noise } from './noise.ts';
import { wanet } from './wanet.ts';
import type { TriggerDefinition } from './trigger.ts';
import { poisonFields, type Trigger, type TriggerContext } from './trigger.ts';

export const triggerRegistry = new Registry<TriggerDefinition>('trigger', [corner, noise, wanet]);

/**
 * Makes the trigger that was picked; parameters left out take their defaults.
 * @throws CupbearerError `usage` for an unknown name or parameter, or one out of range.
 */
export function createTrigger(picked: Picked, context: TriggerContext): Trigger {
  const { name, ...params } = picked;
  const definition = triggerRegistry.get(name);
  return definition.create(
    parseParams(paramsOf(definition), params, (path) => [name, ...path].join('.')) as never,
    context,
  );
}

/**
 * The part of a picked trigger's parameters that says how much is poisoned and what poisoned samples are labelled;
 * what a task leaves out takes its default. @throws CupbearerError `usage` for a value out of range.
 */
export function poisonOptions(picked: Picked, seed: number): PoisonOptions {
  const schema = z.object({ ...poisonFields, p_noise: z.number().default(0) });
  return { ...parseParams(schema, picked, (path) => [picked.name, ...path].join('.')), seed };
}
