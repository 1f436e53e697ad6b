import { z } from 'zod';
import type { Described } from '../../shared/plugin/description.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import type { FactsOf } from '../plugins/kept-facts.ts';
import type { PluginLaunch } from '../plugins/plugin-launch.ts';

/** A model or task of a plugin: exactly which, and how it is started. */
export interface PluginModel {
  described: Described<'model'> | Described<'task'>;
  plugin: PluginVersion;
  launch: () => PluginLaunch | Promise<PluginLaunch>;
}

/** What is kept of one that was opened. */
export const openedFacts = z.strictObject({
  layers: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int().min(0)), isRagged: z.boolean() })),
  logits: z.int().min(0).optional(),
  hasTrusted: z.boolean(),
  hasUntrusted: z.boolean(),
  knowsUntrusted: z.boolean(),
  testSize: z.int().min(0),
});

/** What of the parameters is the plugin's own. */
export function ownParams(
  { described: { fields } }: PluginModel,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    fields.map(({ key }): [string, unknown] => [key, params[key]]).filter(([, value]) => value !== undefined),
  );
}

/** By what its facts are kept. */
export function factsOf(model: PluginModel, params: Readonly<Record<string, unknown>>): FactsOf {
  const { kind, id } = model.described;
  return { hash: model.plugin.hash, kind, id, params: ownParams(model, params) };
}
