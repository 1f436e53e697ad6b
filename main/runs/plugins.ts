import type { Definition, Registry } from '../../shared/definition.ts';
import { CupbearerError, toErrorRecord } from '../../shared/errors.ts';
import type { DescribedDefinition } from '../../shared/plugin/description.ts';
import type { PluginVersion } from '../../shared/plugin/manifest.ts';
import { pluginKey, pluginsIn, versionField, versionWords } from '../../shared/plugin/recorded-version.ts';
import { toFields } from '../../shared/plugin/to-fields.ts';
import { command, worded } from '../../shared/wording.ts';
import type { DatasetDefinition } from '../data/dataset.ts';
import { datasetRegistry } from '../data/datasets/index.ts';
import { pluginDataset } from '../data/plugin-dataset.ts';
import { pluginTrigger } from '../data/plugin-trigger.ts';
import { triggerRegistry } from '../data/triggers/index.ts';
import type { TriggerDefinition } from '../data/triggers/trigger.ts';
import type { DetectorDefinition } from '../detectors/detector.ts';
import { detectorRegistry } from '../detectors/index.ts';
import { pluginDetector } from '../detectors/plugin-detector.ts';
import { architectureRegistry } from '../models/architectures/index.ts';
import { contentsInUse, currentVersion, installedPlugins, launchOf, storeTime } from '../plugins/plugin-store.ts';
import type { PluginLaunch } from '../plugins/plugin-launch.ts';
import { keptDescription, verifySnapshot } from '../plugins/snapshot.ts';
import { taskRegistry } from '../tasks/index.ts';
import { pluginTask } from '../tasks/plugin-task.ts';
import type { TaskDefinition } from '../tasks/task.ts';
import { programVersion } from '../storage/program-version.ts';

/** Why what a plugin adds cannot be used. */
interface PluginProblem {
  plugin: PluginVersion;
  problem: string;
}

const pickable = {
  dataset: (): Registry<Definition> => datasetRegistry,
  trigger: (): Registry<Definition> => triggerRegistry,
  model: (): Registry<Definition> => architectureRegistry,
};

/** When the list of plugins was changed that the registries of this process are of; undefined for another content. */
let registered: number | undefined;
let problems: readonly PluginProblem[] = [];

/**
 * Has the registries of this process hold what the plugins add that are on, in the content that is in use. Costs nothing while the list of
 * plugins stays as it is. Runs nothing of a plugin. Returns what cannot be used.
 */
export function refreshPlugins(): readonly PluginProblem[] {
  const time = storeTime();
  if (registered === time) return problems;
  problems = register(contentsInUse());
  registered = time;
  return problems;
}

/**
 * Has them hold exactly the contents that a spec names, whatever is in use.
 * @throws CupbearerError `not-found` for one that is not known here, `bad-data` for two contents of one plugin.
 */
export function usePluginsOf(spec: unknown): void {
  const versions = pluginsIn(spec);
  registered = undefined;
  const [problem] = register(versions);
  if (problem) throw new CupbearerError('bad-data', `${versionWords(problem.plugin)}: ${problem.problem}`);
}

/**
 * What a person should know of the plugins that a run names: those that have changed since, are off or are gone; a sentence each.
 */
export function pluginNotes(spec: unknown): string[] {
  const installed = installedPlugins();
  return pluginsIn(spec).flatMap((version) => {
    const plugin = installed.find(({ id }) => id === version.id);
    const words = `The plugin ${versionWords(version)}, with which this was computed,`;
    if (!plugin) return [`${words} is no longer here.`];
    const now = currentVersion(plugin);
    if (now && now.hash !== version.hash) return [`${words} has changed since: ${versionWords(now)} is in use now.`];
    return plugin.isEnabled ? [] : [`${words} is switched off.`];
  });
}

function register(versions: readonly PluginVersion[]): PluginProblem[] {
  const found: PluginProblem[] = [];
  const detectors: DetectorDefinition[] = [];
  const datasets: DatasetDefinition[] = [];
  const tasks: TaskDefinition[] = [];
  const triggers: TriggerDefinition[] = [];
  for (const plugin of versions) {
    try {
      for (const described of descriptionOf(plugin)) {
        const params = { ...toFields(described.fields, pickable), [pluginKey]: versionField(plugin) };
        const launch = () => verifiedLaunch(plugin);
        if (described.kind === 'detector') detectors.push(pluginDetector(described, params, plugin, launch));
        else if (described.kind === 'dataset') datasets.push(pluginDataset(params, { described, plugin, launch }));
        else if (described.kind === 'trigger') triggers.push(pluginTrigger(described, params, plugin, launch));
        else tasks.push(pluginTask(params, { described, plugin, launch }));
      }
    } catch (error) {
      found.push({ plugin, problem: toErrorRecord(error).message });
    }
  }
  return [
    ...found,
    ...taken(detectorRegistry, detectors),
    ...taken(datasetRegistry, datasets),
    ...taken(taskRegistry, tasks),
    ...taken(triggerRegistry, triggers),
  ];
}

/** Adds definitions to a registry; returns those that cannot be added. */
function taken<D extends Definition>(
  registry: { kind: string; get(id: string): D; setAdded(definitions: readonly D[]): D[] },
  definitions: readonly D[],
): PluginProblem[] {
  return registry.setAdded(definitions).map(({ id, plugin }) => {
    const other = registry.get(id).plugin;
    const whose = other ? `the plugin ${versionWords(other)} has one` : 'the program has one of its own';
    return { plugin: plugin!, problem: `It adds the ${registry.kind} "${id}", but ${whose}.` };
  });
}

function descriptionOf(plugin: PluginVersion): readonly DescribedDefinition[] {
  const description = keptDescription(plugin.hash, programVersion());
  if (description) return description;
  throw new CupbearerError('not-found', `What the plugin ${versionWords(plugin)} adds is not known yet.`, {
    hint: worded`${command(`npx cupbearer plugin check ${plugin.id} looks at it.`, 'Check it on the screen Plugins.')}`,
  });
}

function verifiedLaunch(version: PluginVersion): PluginLaunch {
  const launch = launchOf(version);
  verifySnapshot(version.hash);
  return launch;
}
