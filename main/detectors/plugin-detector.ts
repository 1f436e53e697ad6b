import type { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { Described } from '../../shared/plugin/description.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import type { PluginLaunch } from '../plugins/plugin-launch.ts';
import { defineDetector, type DetectorContext, type DetectorDefinition, type DetectorState } from './detector.ts';

/** Under this name a state holds what the plugin is loaded with besides the state itself. */
const paramsKey = 'plugin.params';

/**
 * Returns the detector that a plugin describes; it is fitted and scores in the plugin's process. `params` are those that the
 * description declares, `launch` says how the process is started, once there is something to compute.
 */
export function pluginDetector(
  described: Described<'detector'>,
  params: z.ZodRawShape,
  plugin: PluginVersion,
  launch: () => PluginLaunch | Promise<PluginLaunch>,
): DetectorDefinition {
  const { id, title, summary, needs, fields } = described;
  /** States that the process has, by process. */
  const loaded = new WeakMap<object, DetectorState>();
  const processFor = async ({ signal, log, progress }: DetectorContext) => {
    const { sharedProcess } = await import('../plugins/shared-processes.ts');
    return sharedProcess(plugin, `detector ${id}`, launch, { signal, log, progress });
  };

  return {
    ...defineDetector({
      id,
      title,
      summary,
      ...given({
        source: described.source,
        details: described.details,
        dependsOnBatch: described.dependsOnBatch,
        dependsOnScale: described.dependsOnScale,
      }),
      needs: given(needs),
      params,

      async fit(features, all, context) {
        const running = await processFor(context);
        const own = Object.fromEntries(
          fields
            .map(({ key }) => [key, (all as Record<string, unknown>)[key]])
            .filter(([, value]) => value !== undefined),
        ) as Record<string, unknown>;
        const { tensors, values } = await running.fit(id, own, features, seedOf(context), context.inputShape);
        return { tensors, values: { ...values, [paramsKey]: JSON.stringify(own) } };
      },

      async score(state, batch, context) {
        const running = await processFor(context);
        if (loaded.get(running) !== state) {
          const { [paramsKey]: own, ...values } = state.values;
          await running.load(id, paramsOf(own), { tensors: state.tensors, values }, seedOf(context));
          loaded.set(running, state);
        }
        return running.score(batch, context.inputShape);
      },
    }),
    plugin,
  };
}

function seedOf({ seed }: DetectorContext): number {
  if (seed !== undefined) return seed;
  throw new CupbearerError('internal', 'The detector of a plugin was started without the seed of its run.');
}

/** @throws CupbearerError `bad-data` if the state is not one of a plugin's detector. */
function paramsOf(text: string | number | undefined): Record<string, unknown> {
  if (typeof text === 'string') return JSON.parse(text) as Record<string, unknown>;
  throw new CupbearerError('bad-data', 'The detector’s state lacks the parameters that its plugin is loaded with.');
}
