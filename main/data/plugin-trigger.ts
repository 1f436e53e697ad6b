import type { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import type { Described } from '../../shared/plugin/description.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import type { PluginLaunch } from '../plugins/plugin-launch.ts';
import { triggerBridge } from '../plugins/trigger-bridge.ts';
import {
  defineTrigger,
  imageSize,
  vocabularyOf,
  type TriggerContext,
  type TriggerDefinition,
} from './triggers/trigger.ts';

/**
 * Returns the trigger that a plugin describes. Samples are changed one by one in the plugin's process, for which the thread that reads
 * data waits. `params` are those that the description declares.
 */
export function pluginTrigger(
  described: Described<'trigger'>,
  params: z.ZodRawShape,
  plugin: PluginVersion,
  launch: () => PluginLaunch,
): TriggerDefinition {
  const { id, title, summary, source, details, fields, changes } = described;
  return {
    ...defineTrigger({
      id,
      title,
      summary,
      ...given({ source, details }),
      params,
      create(all, context) {
        checkSamples(id, changes, context);
        const values = all as Readonly<Record<string, unknown>>;
        const own = Object.fromEntries(
          fields.map(({ key }): [string, unknown] => [key, values[key]]).filter(([, value]) => value !== undefined),
        );
        const { shape, vocabulary } = context;
        return {
          spec: { id, plugin: plugin.hash, params: own },
          staysInThread: true,
          apply(sample, stream) {
            const seed = stream.uint32() | 0;
            // A copy: the sample may be a part of a batch.
            const question = { definition: id, params: own, sample: sample.slice(), shape, vocabulary, seed };
            const changed = triggerBridge(plugin.hash, launch).change(question);
            checkFinite(id, changed);
            sample.set(changed);
          },
          state: () => ({}),
        };
      },
    }),
    plugin,
  };
}

function checkSamples(id: string, changes: 'images' | 'texts', context: TriggerContext): void {
  if (changes === 'images') imageSize(context.shape, id);
  else vocabularyOf(context, id);
}

function checkFinite(id: string, changed: Float32Array): void {
  const at = changed.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  throw new CupbearerError(
    'non-finite',
    `The trigger "${id}" of a plugin changed a value of a sample to ${changed[at]}.`,
  );
}
