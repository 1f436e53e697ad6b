import { z } from 'zod';
import { formatParameter, inSentence } from '../../shared/format.ts';
import { given } from '../../shared/given.ts';
import { optionalInteger } from '../../shared/schema/fields.ts';
import { keptFacts } from '../plugins/kept-facts.ts';
import { factsOf, openedFacts, type PluginModel } from './plugin-model.ts';
import { commonTaskParams } from './split-params.ts';
import { defineRecordedTask, type TaskDefinition } from './task.ts';

const shared = {
  ...commonTaskParams,
  max_train_size: optionalInteger({
    advanced: true,
    label: 'Trusted samples, at most',
    empty: 'All',
    help: 'Use at most this many trusted samples, drawn at random; up to 500 of the rest calibrate thresholds',
    unit: 'samples',
    min: 1,
  }),
};

/**
 * Returns the task that a model or task of a plugin is: its model runs in the plugin, and its samples stay there. `params` are those
 * that the description declares.
 */
export function pluginTask(params: z.ZodRawShape, model: PluginModel): TaskDefinition {
  const { described, plugin } = model;
  // Those of the plugin are known by their description alone.
  const schema: z.ZodObject<typeof shared> = z.object({ ...params, ...shared });
  const { id, title, summary, source, details, anomalous, threat } = described;
  const normal = described.kind === 'task' ? described.normal : undefined;
  return {
    ...defineRecordedTask({
      id,
      title,
      summary,
      threat: threat ?? 'What the anomalies are is up to the plugin that has the model and its samples.',
      ...given({ source, details, anomalous, normal }),
      params: schema,

      describe: (all) => ownWords(model, all),
      dependencies: () => ({ plugin: plugin.hash }),

      // Before it was opened once nobody knows; what it lacks then fails the run.
      offers: (all) => {
        const facts = keptFacts(factsOf(model, all), openedFacts);
        return {
          trusted: facts?.hasTrusted ?? true,
          untrusted: facts?.hasUntrusted ?? true,
          anomalyLabels: facts?.knowsUntrusted ?? true,
        };
      },

      outline: async (all) => (await import('./plugin-parts.ts')).outlineModel(model, all),
      preview: async (all, context) => (await import('./plugin-parts.ts')).previewModel(model, all, context),
      build: async (all, context) => (await import('./plugin-parts.ts')).buildFromModel(model, all, context),
    }),
    plugin,
  };
}

/** Its own parameters in words, or, where it has none, which version of the plugin it is. */
function ownWords({ described, plugin }: PluginModel, params: Readonly<Record<string, unknown>>): string {
  const words = described.fields
    .filter(({ key, type }) => type !== 'pick' && params[key] !== undefined)
    .map(({ key, label }) => `${inSentence(label)} ${formatParameter(params[key])}`);
  return words.join(', ') || `version ${plugin.version}`;
}
