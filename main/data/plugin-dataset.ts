import { z } from 'zod';
import { CupbearerError } from '../../shared/errors.ts';
import { given } from '../../shared/given.ts';
import { command, worded } from '../../shared/wording.ts';
import { datasetFactsOf, defaultsOf, keptDatasetFacts } from '../plugins/dataset-facts.ts';
import { splitFields } from './datasets/fields.ts';
import { prepared } from './datasets/prepared.ts';
import { defineDataset, type DatasetDefinition, type DatasetFacts } from './dataset.ts';
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
        const facts = factsOf(data, all);
        if (facts) return facts;
        throw new CupbearerError('not-found', `What the samples of "${id}" look like is not known yet.`, {
          hint: worded`${command(`npx cupbearer plugin check ${plugin.id} has the plugin make them.`, 'Check the plugin on the screen Plugins.')}`,
        });
      },

      async load(all, context) {
        const { loadPluginData } = await import('./load-plugin-data.ts');
        const expected = factsOf(data, all);
        const dataset = await loadPluginData(data, all, context);
        if (expected && !isAlike(expected, dataset))
          throw new CupbearerError(
            'conflict',
            `With these parameters the samples of "${id}" have other shapes or classes than with its defaults, by which this was planned.`,
            { hint: 'They are known now: start it again.' },
          );
        return dataset.shape.length === 3
          ? prepared(dataset, all, defaultAugmentation, context)
          : limited(dataset, all.limit, context.seed);
      },
    }),
    plugin,
  };
}

/** What is known of its samples: with these parameters, or else with its defaults, which may have other counts. */
function factsOf({ described, plugin }: PluginData, params: object): DatasetFacts | undefined {
  const facts = keptDatasetFacts(datasetFactsOf(described, plugin.hash, params));
  if (facts) {
    const { vocabulary, ...rest } = facts;
    return { ...rest, ...given({ vocabulary }) };
  }
  const usual = keptDatasetFacts(datasetFactsOf(described, plugin.hash, defaultsOf(described)));
  return usual && { shape: usual.shape, classes: usual.classes, ...given({ vocabulary: usual.vocabulary }) };
}

function isAlike(a: DatasetFacts, b: DatasetFacts): boolean {
  return a.shape.join() === b.shape.join() && a.classes.join('\n') === b.classes.join('\n');
}
