import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { datasetFactsOf, keptDatasetFacts } from '../plugins/dataset-facts.ts';
import { splitFields } from './datasets/fields.ts';
import { prepared } from './datasets/prepared.ts';
import { defineDataset, type DatasetDefinition } from './dataset.ts';
import type { PluginData } from './plugin-data.ts';
import { defaultAugmentation } from './transforms/augmentation.ts';
import { limited } from './transforms/subset.ts';

/**
 * Returns the dataset that a plugin describes. Its arrays are made in the plugin's process, and lie in a file from then on. `params` are
 * those that the description declares.
 */
export function pluginDataset(params: z.ZodRawShape, data: PluginData): DatasetDefinition {
  const { described, plugin } = data;
  const { id, title, summary, source, details } = described;
  // Those of the plugin are known by their description alone.
  const schema: z.ZodObject<typeof splitFields> = z.object({ ...params, ...splitFields });
  return {
    ...defineDataset({
      id,
      title,
      summary,
      ...given({ source, details }),
      params: schema,

      facts: (all) => {
        const facts = keptDatasetFacts(datasetFactsOf(described, plugin.hash, all));
        if (facts) {
          const { vocabulary, ...rest } = facts;
          return { ...rest, ...given({ vocabulary }) };
        }
        throw new CupbearerError(
          'not-found',
          `What the samples of "${id}" look like is not known until the plugin "${plugin.id}" has made them once with these parameters.`,
          { hint: `npx cupbearer plugin check ${plugin.id} has it make them with its defaults.` },
        );
      },

      async load(all, context) {
        const { loadPluginData } = await import('./load-plugin-data.ts');
        const dataset = await loadPluginData(data, all, context);
        return dataset.shape.length === 3
          ? prepared(dataset, all, defaultAugmentation, context)
          : limited(dataset, all.limit, context.seed);
      },
    }),
    plugin,
  };
}
